// "state": what the site must have or lack. Threads: pure functions. Source: incidents.md 9.1
// (M14).
#include "core/text.h"
#include "simulator/faults/operations.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator::reading {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

// A number, or an object of "at-least" and "at-most".
StateTest::Count ReadCount(Source& source, const Value& value, std::string_view what) {
  StateTest::Count count;
  if (const auto number = value.as_integer(); number && *number >= 0) {
    count.least = count.most = static_cast<std::uint64_t>(*number);
    return count;
  }
  ObjectReader reader(source, value, what);
  const bool least = reader.Read("at-least", count.least);
  const bool most = reader.Read("at-most", count.most);
  reader.Finish();
  if (!least && !most) {
    reader.Fail("", R"(expected a number, or "at-least" and "at-most")");
  } else if (count.most < count.least) {
    reader.Fail("at-most", "can never match: it is less than \"at-least\"");
  }
  return count;
}

}  // namespace

StateTest ReadState(Source& source, const Value& value) {
  StateTest state;
  ObjectReader reader(source, value, "state");
  const std::pair<std::string_view, std::vector<ValueTest>*> things[] = {
      {"tags", &state.tags},
      {"manifests", &state.manifests},
      {"blobs", &state.blobs},
      {"sessions", &state.sessions}};
  bool any = false;
  for (const auto& [name, tests] : things) {
    if (const Value* member = reader.Optional(name)) {
      *tests = ReadTests(source, *member, Concat({"state: \"", name, "\""}));
      any = true;
    }
  }
  if (const Value* open = reader.Optional("open-uploads")) {
    state.open_uploads = ReadCount(source, *open, "open-uploads");
    any = true;
  }
  if (const Value* flying = reader.Optional("in-flight")) {
    any = true;
    for (const Member& member :
         flying->as_object() == nullptr ? Value::Object() : *flying->as_object()) {
      if (FittingOperations({member.key}, {}).empty()) {
        source.Fail(member.line, Concat({"in-flight: no such operation: \"", member.key, "\""}));
      }
      state.in_flight.emplace_back(member.key, ReadCount(source, member.value, "in-flight"));
    }
    if (state.in_flight.empty()) {
      reader.Fail("in-flight", "expected an object of operations and counts");
    }
  }
  reader.Finish();
  if (!any) {
    reader.Fail("", R"(expected one of "tags", "manifests", "blobs", "sessions", "open-uploads", )"
                    R"("in-flight")");
  }
  return state;
}

}  // namespace drydock::simulator::reading
