#include "simulator/faults/bound.h"

#include <array>
#include <string>
#include <utility>

#include "core/text.h"
#include "simulator/faults/fault_state.h"

namespace drydock::simulator {
namespace {

using Quantity = Bound::Quantity;
using Names = std::array<std::pair<std::string_view, Quantity>, 4>;

constexpr Names kSizes = {{{"content-length", Quantity::kContentLength},
                           {"manifest", Quantity::kManifestBytes},
                           {"session", Quantity::kSessionBytes},
                           {"blob", Quantity::kBlobBytes}}};
constexpr Names kAges = {{{"request", Quantity::kRequestAge},
                          {"session", Quantity::kSessionAge},
                          {"token", Quantity::kTokenAge},
                          {"connection", Quantity::kConnectionAge}}};

std::optional<std::uint64_t> Age(const std::optional<TimePoint>& begin, TimePoint now) {
  return !begin || *begin > now ? std::nullopt
                                : std::optional(static_cast<std::uint64_t>((now - *begin).count()));
}

std::optional<std::uint64_t> ValueOf(Quantity quantity, const Sight& sight) {
  static const Measured kNothing;
  const Measured& measured = sight.measured == nullptr ? kNothing : *sight.measured;
  switch (quantity) {
    case Quantity::kContentLength:
      return sight.head.content_length;
    case Quantity::kManifestBytes:
      return sight.manifest == nullptr ? std::nullopt
                                       : std::optional<std::uint64_t>(sight.manifest->size());
    case Quantity::kSessionBytes:
      return measured.site.session_bytes;
    case Quantity::kBlobBytes:
      return measured.site.blob_bytes;
    case Quantity::kRequestAge:
      return sight.measured == nullptr ? std::nullopt : Age(measured.began, sight.now);
    case Quantity::kSessionAge:
      return Age(measured.site.session_began, sight.now);
    case Quantity::kTokenAge:
      return Age(measured.site.token_issued, sight.now);
    case Quantity::kConnectionAge:
      return static_cast<std::uint64_t>(sight.head.caller.connection_age.count());
  }
  return std::nullopt;
}

void ReadSize(json::Source& source, const json::Value& value, std::string_view name, Bound& bound) {
  json::ObjectReader reader(source, value, name);
  const bool from = reader.Read("from", bound.from);
  const bool to = reader.Read("to", bound.to);
  reader.Finish();
  if (!from && !to) {
    reader.Fail("", R"(expected "from", "to" or both, in bytes)");
  }
}

void ReadAge(json::Source& source, const json::Value& value, std::string_view name, Bound& bound) {
  Duration from{};
  Duration to{};
  if (const std::string* text = value.as_string()) {
    const auto age = ParseDuration(*text);
    if (!age) {
      source.Fail(value.line(),
                  Concat({name, R"(: expected a time such as "5m", found: )", value.Excerpt()}));
    }
    bound.from = static_cast<std::uint64_t>(age.value_or(Duration{}).count());
    return;
  }
  json::ObjectReader reader(source, value, name);
  if (reader.Read("from", from)) {
    bound.from = static_cast<std::uint64_t>(from.count());
  }
  if (reader.Read("to", to)) {
    bound.to = static_cast<std::uint64_t>(to.count());
  }
  reader.Finish();
}

using ReadBound = void (*)(json::Source&, const json::Value&, std::string_view, Bound&);

void ReadMembers(json::Source& source, json::ObjectReader& reader, std::string_view key,
                 const Names& names, ReadBound read, std::vector<Bound>& into) {
  const json::Value* value = reader.Optional(key);
  if (value == nullptr) {
    return;
  }
  json::ObjectReader members(source, *value, key);
  const std::size_t before = into.size();
  for (const auto& [name, quantity] : names) {
    const json::Value* member = members.Optional(name);
    if (member == nullptr) {
      continue;
    }
    Bound bound{quantity};
    read(source, *member, name, bound);
    if (bound.from > bound.to) {
      members.Fail(name, "nothing lies between \"from\" and \"to\"");
    }
    into.push_back(bound);
  }
  members.Finish();
  if (into.size() == before) {
    members.Fail("", "has no member (expected at least one)");
  }
}

}  // namespace

bool Holds(const Bound& bound, const Sight& sight) {
  const auto value = ValueOf(bound.quantity, sight);
  return value && *value >= bound.from && *value <= bound.to;
}

std::vector<Bound> ReadBounds(json::Source& source, json::ObjectReader& reader) {
  std::vector<Bound> bounds;
  ReadMembers(source, reader, "size", kSizes, ReadSize, bounds);
  ReadMembers(source, reader, "age", kAges, ReadAge, bounds);
  return bounds;
}

}  // namespace drydock::simulator
