// JSON that people or peers wrote: no input may crash the reader, and what it takes can be walked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"

namespace {

// The number of values in the tree; every line must lie within the text.
std::size_t Walk(const drydock::json::Value& value, std::size_t lines) {
  if (value.line() < 1 || value.line() > lines || value.KindName().empty()) {
    std::abort();
  }
  std::size_t count = value.Excerpt().empty() ? 0 : 1;
  if (const auto* array = value.as_array()) {
    for (const auto& element : *array) {
      count += Walk(element, lines);
    }
  }
  if (const auto* object = value.as_object()) {
    for (const auto& member : *object) {
      if (value.Find(member.key) != &member.value) {
        std::abort();  // a duplicate key went through
      }
      count += Walk(member.value, lines);
    }
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t lines = 1;
  for (const char c : text) {
    lines += c == '\n' ? 1 : 0;
  }
  for (const bool comments : {false, true}) {
    const auto value = drydock::json::Parse(text, "fuzz", {.comments = comments, .depth_max = 64});
    if (value && Walk(*value, lines) == 0) {
      std::abort();
    }
    (void)(value ? value->At("/a/0/b") : nullptr);
  }
  return 0;
}
