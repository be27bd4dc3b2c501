#include "core/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.h"

namespace drydock::json {
namespace {

std::string ErrorOf(std::string_view text, ParseOptions options = {}) {
  const auto value = Parse(text, "f", options);
  return value ? "" : value.error().message();
}

Value Read(std::string_view text) {
  auto value = Parse(text, "f", {.comments = true});
  EXPECT_TRUE(value.ok()) << text;
  return value ? *value : Value();
}

TEST(Json, KindsAndValues) {
  const Value value =
      Read(R"({"n": null, "t": true, "i": -7, "d": 1.5, "s": "x", "a": [1], "o": {}})");
  EXPECT_TRUE(value.Find("n")->is_null());
  EXPECT_EQ(*value.Find("t")->as_bool(), true);
  EXPECT_EQ(value.Find("i")->as_integer(), -7);
  EXPECT_EQ(value.Find("i")->as_number(), -7.0);
  EXPECT_EQ(value.Find("d")->as_number(), 1.5);
  EXPECT_EQ(value.Find("d")->as_integer(), std::nullopt);
  EXPECT_EQ(*value.Find("s")->as_string(), "x");
  EXPECT_EQ(value.Find("a")->as_array()->size(), 1u);
  EXPECT_TRUE(value.Find("o")->as_object()->empty());
  EXPECT_EQ(value.Find("x"), nullptr);
  EXPECT_EQ(value.Find("s")->Find("x"), nullptr);
  EXPECT_EQ(value.Text("s"), "x");
  EXPECT_EQ(value.Text("i"), "");
  const char* kinds[] = {"null", "boolean", "number", "number", "string", "array", "object"};
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    EXPECT_EQ((*value.as_object())[i].value.KindName(), kinds[i]);
  }
}

TEST(Json, NumbersThatDoNotFitAreNoIntegers) {
  EXPECT_EQ(Read("9223372036854775807").as_integer(), 9223372036854775807);
  EXPECT_EQ(Read("-9223372036854775808").as_integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Read("9223372036854775808").as_integer(), std::nullopt);
  EXPECT_EQ(Read("18446744073709551616").as_integer(), std::nullopt);
  EXPECT_EQ(Read("1e3").as_integer(), std::nullopt);
}

TEST(Json, PointersOfRfc6901) {
  const Value value =
      Read(R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "~1": 9, "deep": {"0": "x"}})");
  const std::pair<const char*, const char*> rows[] = {
      {"/foo/0", "\"bar\""}, {"/", "0"},           {"/a~1b", "1"}, {"/m~0n", "8"},
      {"/~01", "9"},         {"/deep/0", "\"x\""}, {"", "object"}, {"/foo", "array"}};
  for (const auto& [pointer, expected] : rows) {
    const Value* found = value.At(pointer);
    ASSERT_NE(found, nullptr) << pointer;
    EXPECT_EQ(found->Excerpt(), expected) << pointer;
  }
  for (const char* pointer : {"foo", "/foo/2", "/foo/-1", "/foo/x", "/foo/0/x", "/none", "/foo/"}) {
    EXPECT_EQ(value.At(pointer), nullptr) << pointer;
  }
}

TEST(Json, KnowsTheLineOfEveryValue) {
  const Value value = Read("\n{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {\"c\": null}\n  ]\n}\n");
  EXPECT_EQ(value.line(), 2u);
  EXPECT_EQ(value.Find("a")->line(), 3u);
  EXPECT_EQ(value.Find("b")->line(), 4u);
  EXPECT_EQ(value.At("/b/0")->line(), 5u);
  EXPECT_EQ(value.At("/b/1/c")->line(), 6u);
  EXPECT_EQ((*value.as_object())[1].line, 4u);
  EXPECT_EQ(Value().line(), 0u);
}

TEST(Json, RefusesWithTheLine) {
  struct Row {
    const char* text;
    const char* complaint;
  };
  const Row rows[] = {
      {"", "f:1: "},
      {"{\n\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "f:4: duplicate key: \"a\" (first on line 2)"},
      {"{\"a\": {\"b\": 1, \"b\": 1}}", "duplicate key: \"b\""},
      {"[1,\n2,\n]", "f:3: "},
      {"{\"a\": 1} x", "f:1: "},
      {"// no\n1", "f:1: "},
      {"'a'", "f:1: "},
      {"01", "f:1: "},
      {"\"\xff\"", "f:1: "},
      {"\"a\nb\"", "f:"},
      {"nul", "f:1: "},
      {"1e999", "f:1: "},
  };
  for (const Row& row : rows) {
    const std::string message = ErrorOf(row.text);
    EXPECT_NE(message.find(row.complaint), std::string::npos) << row.text << "\n  " << message;
  }
}

TEST(Json, NothingIsHiddenBehindANul) {
  using std::string_literals::operator""s;
  for (const std::string& text : {"{\"a\":\n1}\0 x"s, "1\n\0"s, "[\"a\n\0\"]"s, "\n// c\0\n1"s}) {
    const auto value = Parse(text, "f", {.comments = true});
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error().message(), "f:2: a NUL byte is no JSON");
  }
}

TEST(Json, SiblingsMayHaveTheSameKey) {
  EXPECT_EQ(ErrorOf(R"([{"a": 1}, {"a": 2}])"), "");
  EXPECT_EQ(ErrorOf(R"({"a": {"a": 1}})"), "");
}

TEST(Json, CommentsOnlyWhenAskedFor) {
  const char* text = "// one\n{ /* two\n lines */ \"a\": 1 } // three";
  EXPECT_NE(ErrorOf(text), "");
  EXPECT_EQ(ErrorOf(text, {.comments = true}), "");
  EXPECT_EQ(Read(text).Find("a")->line(), 3u);
  EXPECT_NE(ErrorOf("/* open", {.comments = true}), "");
}

TEST(Json, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(ErrorOf(nested(64)), "");
  EXPECT_EQ(ErrorOf(nested(65)), "f:1: nested deeper than 64 levels");
  EXPECT_EQ(ErrorOf("[{}]", {.comments = false, .depth_max = 1}),
            "f:1: nested deeper than 1 levels");
  // Far beyond what a recursive reader would survive.
  EXPECT_NE(ErrorOf(std::string(8'000'000, '[')), "");
}

TEST(Json, ExcerptsAreShortAndOnOneLine) {
  EXPECT_EQ(Read("\"" + std::string(100, 'x') + "\"").Excerpt(),
            "\"" + std::string(80, 'x') + "…\"");
  EXPECT_EQ(Read(R"("two\nlines")").Excerpt(), R"("two\nlines")");
  EXPECT_EQ(Read("1.5").Excerpt(), "1.5");
  EXPECT_EQ(Read("false").Excerpt(), "false");
  EXPECT_EQ(Value().Excerpt(), "null");
}

// Any tree the library can write is read as it was, and re-reading is the same.
nlohmann::ordered_json AnyTree(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  switch (kind) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
    case 4:
      return *rc::gen::container<std::string>(rc::gen::inRange('\1', '\x7f'));
    case 5: {
      auto array = nlohmann::ordered_json::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        array.push_back(AnyTree(depth - 1));
      }
      return array;
    }
    default: {
      auto object = nlohmann::ordered_json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        object["k" + std::to_string(i)] = AnyTree(depth - 1);
      }
      return object;
    }
  }
}

void ExpectSame(const nlohmann::ordered_json& json, const Value& value) {
  if (json.is_object()) {
    RC_ASSERT(value.as_object() != nullptr);
    RC_ASSERT(value.as_object()->size() == json.size());
    for (const auto& [key, member] : json.items()) {
      RC_ASSERT(value.Find(key) != nullptr);
      ExpectSame(member, *value.Find(key));
    }
  } else if (json.is_array()) {
    RC_ASSERT(value.as_array() != nullptr);
    RC_ASSERT(value.as_array()->size() == json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
      ExpectSame(json[i], (*value.as_array())[i]);
    }
  } else if (json.is_string()) {
    RC_ASSERT(*value.as_string() == json.get<std::string>());
  } else if (json.is_number()) {
    RC_ASSERT(value.as_integer() == json.get<std::int64_t>());
  } else {
    RC_ASSERT(value.Excerpt() == json.dump());
  }
}

TEST(Json, ReadsWhatTheLibraryWrites) {
  EXPECT_TRUE(rc::check([] {
    const auto tree = AnyTree(4);
    for (const int indent : {-1, 2}) {
      const auto value = Parse(tree.dump(indent), "f");
      RC_ASSERT(value.ok());
      ExpectSame(tree, *value);
    }
  }));
}

TEST(Json, AgreesWithTheLibraryOnWhatIsJson) {
  EXPECT_TRUE(rc::check([](std::string text) {
    const auto letters = std::string("{}[]\":,0123456789.eE+-truefalsn \n\\u/*");
    for (char& c : text) {
      c = letters[static_cast<unsigned char>(c) % letters.size()];
    }
    if (Parse(text, "f").ok()) {
      RC_ASSERT(nlohmann::json::accept(text));
    }
  }));
}

TEST(ParseFile, ReadsCommentsAndNamesTheFile) {
  const std::string path = ::testing::TempDir() + "drydock_json_test.json";
  std::ofstream(path) << "// c\n{\"a\": }";
  EXPECT_EQ(ParseFile(path).error().message().rfind(path + ":2: ", 0), 0u);
  std::ofstream(path) << "// c\n{\"a\": 1}";
  EXPECT_TRUE(ParseFile(path).ok());
  std::remove(path.c_str());
  EXPECT_EQ(ParseFile(path).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(ParseFile(::testing::TempDir()).error().message(),
            Concat({::testing::TempDir(), ": cannot be read: is a folder"}));
}

TEST(Source, TheFirstErrorSticks) {
  Source source("f");
  EXPECT_TRUE(source.status().ok());
  source.Fail(3, "a");
  source.Fail(1, "b");
  EXPECT_FALSE(source.ok());
  EXPECT_EQ(source.status().error().message(), "f:3: a");
}

TEST(ObjectReader, ReadsEveryType) {
  const Value value =
      Read(R"({"$schema": "s", "s": "x", "b": true, "i": -1, "u": 2, "n": 3, "d": "1.5s",
    "t": "2026-05-28T06:00:00Z", "l": ["a", "b"]})");
  Source source("f");
  ObjectReader reader(source, value, "thing");
  std::string s;
  bool b = false;
  std::int64_t i = 0;
  std::uint64_t u = 0;
  int n = 0;
  Duration d{};
  TimePoint t{};
  std::vector<std::string> l;
  EXPECT_TRUE(reader.Require("s", s) && reader.Read("b", b) && reader.Read("i", i) &&
              reader.Read("u", u) && reader.Read("n", n) && reader.Read("d", d) &&
              reader.Read("t", t) && reader.Read("l", l));
  EXPECT_FALSE(reader.Read("absent", s));
  reader.Finish();
  EXPECT_TRUE(source.ok());
  EXPECT_EQ(s, "x");
  EXPECT_TRUE(b);
  EXPECT_EQ(i, -1);
  EXPECT_EQ(u, 2u);
  EXPECT_EQ(n, 3);
  EXPECT_EQ(d, std::chrono::milliseconds(1500));
  EXPECT_EQ(FormatRfc3339(t), "2026-05-28T06:00:00Z");
  EXPECT_EQ(l, (std::vector<std::string>{"a", "b"}));
}

template <class T>
std::string Complaint(std::string_view text) {
  const Value value = Read(text);
  Source source("f");
  ObjectReader reader(source, value, "thing");
  T into{};
  EXPECT_FALSE(reader.Read("k", into));
  return source.ok() ? "" : source.status().error().message();
}

TEST(ObjectReader, SaysWhatItWanted) {
  EXPECT_EQ(Complaint<std::string>("{\n\"k\": 1}"),
            "f:2: thing: \"k\": expected a string, found number: 1");
  EXPECT_EQ(Complaint<bool>(R"({"k": "yes"})"),
            "f:1: thing: \"k\": expected true or false, found string: \"yes\"");
  EXPECT_EQ(Complaint<std::int64_t>(R"({"k": 1.5})"),
            "f:1: thing: \"k\": expected a whole number, found number: 1.5");
  EXPECT_EQ(Complaint<std::uint64_t>(R"({"k": -1})"),
            "f:1: thing: \"k\": expected a whole number from 0 on, found number: -1");
  EXPECT_EQ(Complaint<int>(R"({"k": 2147483648})"),
            "f:1: thing: \"k\": expected a whole number, found number: 2147483648");
  EXPECT_NE(Complaint<Duration>(R"({"k": "fast"})").find("expected a duration"), std::string::npos);
  EXPECT_NE(Complaint<TimePoint>(R"({"k": "noon"})").find("expected a UTC time"),
            std::string::npos);
  EXPECT_NE(Complaint<std::vector<std::string>>("{\"k\": [\"a\",\n1]}").find("f:2: "),
            std::string::npos);
  EXPECT_NE(Complaint<std::vector<std::string>>(R"({"k": "a"})").find("an array of strings"),
            std::string::npos);
}

TEST(ObjectReader, ComplainsAboutWhatNobodyAskedFor) {
  struct Row {
    const char* text;
    const char* complaint;
  };
  const Row rows[] = {
      {R"({"repositry": 1})",
       "f:1: thing: unknown key \"repositry\"; did you mean \"repository\"?"},
      {R"({"zzz": 1})", "f:1: thing: unknown key \"zzz\"; known keys: repository, tag"},
      {R"({"tag": "t"})", ""},
      {R"([])", "f:1: thing: expected an object, found array: array"},
  };
  for (const Row& row : rows) {
    const Value value = Read(row.text);
    Source source("f");
    ObjectReader reader(source, value, "thing");
    std::string into;
    reader.Optional("repository");
    reader.Read("tag", into);
    reader.Finish();
    EXPECT_EQ(source.ok() ? "" : source.status().error().message(), row.complaint) << row.text;
  }
}

// A required key that is misspelt is not missing.
TEST(ObjectReader, NamesTheKeyThatStandsWhereARequiredOneIsMissing) {
  const struct {
    std::string_view text;
    std::string_view complaint;
  } rows[] = {
      {"{\n\"imgae\": 1, \"tag\": \"t\"}",
       "f:2: thing: unknown key \"imgae\"; did you mean \"image\"?"},
      {R"({"tag": "t", "zzz": 1})", "f:1: thing: missing key \"image\""},
      {R"({"tag": "t", "tga": 1})", "f:1: thing: missing key \"image\""},
      {R"({"image": "i", "tga": 1})", "f:1: thing: unknown key \"tga\"; did you mean \"tag\"?"},
      {R"({"tag": 1, "imgae": 1})", "f:1: thing: unknown key \"imgae\"; did you mean \"image\"?"},
  };
  for (const auto& row : rows) {
    const Value value = Read(row.text);
    Source source("f");
    ObjectReader reader(source, value, "thing");
    std::string into;
    reader.Require("image", into);
    reader.Read("tag", into);
    reader.Finish();
    EXPECT_EQ(source.status().error().message(), row.complaint) << row.text;
  }
  // What went wrong before stays what went wrong.
  const Value value = Read(R"({"imgae": 1})");
  Source source("f");
  source.Fail(7, "first");
  ObjectReader reader(source, value, "thing");
  reader.Required("image");
  reader.Finish();
  EXPECT_EQ(source.status().error().message(), "f:7: first");
}

TEST(ObjectReader, MissingKeysAndOwnComplaints) {
  const Value value = Read("{\n\"a\": 1}");
  Source source("f");
  ObjectReader reader(source, value, "thing");
  EXPECT_EQ(reader.Required("b"), nullptr);
  EXPECT_EQ(source.status().error().message(), "f:1: thing: missing key \"b\"");
  Source other("f");
  ObjectReader(other, value, "thing").Fail("a", "is odd");
  EXPECT_EQ(other.status().error().message(), "f:2: thing: \"a\": is odd");
  Source third("f");
  ObjectReader(third, value, "thing").Fail("", "is odd");
  EXPECT_EQ(third.status().error().message(), "f:1: thing: is odd");
}

}  // namespace
}  // namespace drydock::json
