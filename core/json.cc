#include "core/json.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "core/text.h"

namespace drydock::json {
namespace {

// Counts lines as the lexer consumes characters. A newline counts once something after it was read:
// the lexer looks one character past a number, which must not move the number to the next line.
struct LineCounter {
  std::size_t line = 1;
  bool at_end_of_line = false;

  void Consume(char c) {
    line += at_end_of_line ? 1 : 0;
    at_end_of_line = c == '\n';
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, LineCounter* counter) : at_(at), counter_(counter) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    counter_->Consume(*at_++);
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  LineCounter* counter_;
};

// nlohmann's text is "[json.exception.parse_error.101] parse error at line 3, column 5: syntax …".
std::string PlainMessage(std::string_view message) {
  const std::size_t close = message.find("] ");
  if (close != std::string_view::npos) {
    message.remove_prefix(close + 2);
  }
  const std::size_t colon = message.find(": ");
  if (message.substr(0, 11) == "parse error" && colon != std::string_view::npos) {
    message.remove_prefix(colon + 2);
  }
  return std::string(message);
}

}  // namespace

// Builds the tree from the library's SAX events.
class TreeBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  TreeBuilder(const LineCounter& counter, std::size_t depth_max)
      : counter_(counter), depth_max_(depth_max) {}

  // The names of the events are the library's.
  // NOLINTBEGIN(readability-identifier-naming)
  bool null() { return Add(std::monostate()); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(number_integer_t value) { return Add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return Add(static_cast<double>(value));
    }
    return Add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) { return Add(value); }
  bool string(string_t& value) { return Add(std::move(value)); }
  bool binary(binary_t& /*value*/) { return Fail("binary data is not JSON"); }
  bool start_object(std::size_t /*size*/) { return Open(Value::Object()); }
  bool key(string_t& name) {
    auto& object = std::get<Value::Object>(open_.back()->held_);
    for (const Member& member : object) {
      if (member.key == name) {
        return Fail(Concat(
            {"duplicate key: \"", name, "\" (first on line ", std::to_string(member.line), ")"}));
      }
    }
    object.push_back({std::move(name), counter_.line, Value()});
    return true;
  }
  bool end_object() { return Close(); }
  bool start_array(std::size_t /*size*/) { return Open(Value::Array()); }
  bool end_array() { return Close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& failure) {
    return Fail(PlainMessage(failure.what()));
  }
  // NOLINTEND(readability-identifier-naming)

  Value& root() { return root_; }
  const std::string& message() const { return message_; }

 private:
  Value* Place() {
    if (open_.empty()) {
      return &root_;
    }
    if (auto* array = std::get_if<Value::Array>(&open_.back()->held_)) {
      return &array->emplace_back();
    }
    return &std::get<Value::Object>(open_.back()->held_).back().value;
  }
  template <class T>
  bool Add(T held) {
    Value* place = Place();
    place->held_ = std::move(held);
    place->line_ = counter_.line;
    return true;
  }
  template <class T>
  bool Open(T held) {
    if (open_.size() >= depth_max_) {
      return Fail(Concat({"nested deeper than ", std::to_string(depth_max_), " levels"}));
    }
    Value* place = Place();
    place->held_ = std::move(held);
    place->line_ = counter_.line;
    open_.push_back(place);
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }
  bool Fail(std::string message) {
    message_ = std::move(message);
    return false;
  }

  const LineCounter& counter_;
  std::size_t depth_max_;
  Value root_;
  // Pointers stay valid: a container only grows at its end, and only the innermost one grows.
  std::vector<Value*> open_;
  std::string message_;
};

std::string_view Value::KindName() const {
  constexpr std::string_view kNames[] = {"null",   "boolean", "number", "number",
                                         "string", "array",   "object"};
  return kNames[held_.index()];
}

std::optional<std::int64_t> Value::as_integer() const {
  const auto* value = std::get_if<std::int64_t>(&held_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> Value::as_number() const {
  if (const auto integer = as_integer()) {
    return static_cast<double>(*integer);
  }
  const auto* value = std::get_if<double>(&held_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

const Value* Value::Find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(object->begin(), object->end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == object->end() ? nullptr : &found->value;
}

const Value* Value::At(std::string_view pointer) const {
  const Value* value = this;
  if (pointer.empty()) {
    return value;
  }
  if (pointer[0] != '/') {
    return nullptr;
  }
  for (const std::string& token : Split(pointer.substr(1), '/')) {
    const std::string key = ReplaceAll(ReplaceAll(token, "~1", "/"), "~0", "~");
    if (const Array* array = value->as_array()) {
      const auto index = ParseUnsigned(key);
      value = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      value = value->Find(key);
    }
    if (value == nullptr) {
      return nullptr;
    }
  }
  return value;
}

std::string_view Value::Text(std::string_view key) const {
  const Value* member = Find(key);
  const std::string* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::string Value::Excerpt() const {
  constexpr std::size_t kExcerptMax = 80;
  if (const std::string* text = as_string()) {
    // Quoted as JSON does it: a text of several lines stays on one.
    std::string quoted = nlohmann::json(text->substr(0, kExcerptMax))
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return text->size() > kExcerptMax ? Concat({quoted.substr(0, quoted.size() - 1), "…\""})
                                      : quoted;
  }
  if (const bool* value = as_bool()) {
    return *value ? "true" : "false";
  }
  if (const auto integer = as_integer()) {
    return std::to_string(*integer);
  }
  if (const auto number = as_number()) {
    return nlohmann::json(*number).dump();
  }
  return std::string(KindName());
}

Result<Value> Parse(std::string_view text, std::string_view source, ParseOptions options) {
  // The library takes a NUL for the end, and would leave unread what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    return Error(ErrorCode::kInvalid,
                 Concat({source, ":", std::to_string(line), ": a NUL byte is no JSON"}));
  }
  LineCounter counter;
  TreeBuilder builder(counter, options.depth_max);
  const CountingIterator first(text.data(), &counter);
  const CountingIterator last(text.data() + text.size(), &counter);
  const bool parsed =
      nlohmann::json::sax_parse(first, last, &builder, nlohmann::json::input_format_t::json,
                                /*strict=*/true, options.comments);
  if (!parsed) {
    return Error(ErrorCode::kInvalid,
                 Concat({source, ":", std::to_string(counter.line), ": ", builder.message()}));
  }
  return std::move(builder.root());
}

Result<Value> ParseFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {  // reads as an empty file otherwise
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read: is a folder"}));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error(ErrorCode::kNotFound,
                 Concat({path, ": cannot be read: no such file or no access"}));
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read to its end"}));
  }
  return Parse(text.str(), path, {.comments = true});
}

}  // namespace drydock::json
