// Laying files out: what stays, what moves, and that doing it twice is doing it once.
#include "scenarios/authoring/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/file.h"
#include "core/json.h"
#include "core/rng.h"
#include "core/text.h"
#include "scenarios/runner/loader.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;

std::string Laid(std::string_view text) {
  const auto formatted = FormatJson(text, "f.json");
  EXPECT_TRUE(formatted.ok()) << (formatted ? "" : formatted.error().message());
  return formatted ? *formatted : "";
}

struct FormatRow {
  std::string_view name;
  std::string_view from;
  std::string_view to;
};

void PrintTo(const FormatRow& row, std::ostream* out) { *out << row.name; }

class FormatTest : public ::testing::TestWithParam<FormatRow> {};

TEST_P(FormatTest, LaysOut) {
  EXPECT_EQ(Laid(GetParam().from), GetParam().to);
  EXPECT_EQ(Laid(GetParam().to), GetParam().to);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FormatTest,
    ::testing::ValuesIn(std::vector<FormatRow>{
        {"Root", R"({"a":1})", "{\n  \"a\": 1\n}\n"},
        {"Empty", " { } ", "{}\n"},
        {"Flat", R"({"a":{"b":[1,2 , 3]},"c":[{}]})",
         "{\n  \"a\": { \"b\": [1, 2, 3] },\n  \"c\": [{}]\n}\n"},
        {"StaysBroken", "{\"a\":{\n\"b\":1}}", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"},
        {"AsWritten", R"({"a":1.50e2,"b":"\u00e9\/"})",
         "{\n  \"a\": 1.50e2,\n  \"b\": \"\\u00e9\\/\"\n}\n"},
        {"CommentAbove", "{// why\n\"a\":1}", "{\n  // why\n  \"a\": 1\n}\n"},
        {"CommentBeside", "{\"a\":1 // one\n ,\"b\":2, /* two */ // too\n \"c\":3 // three\n}",
         "{\n  \"a\": 1,  // one\n  \"b\": 2,  /* two */  // too\n  \"c\": 3  // three\n}\n"},
        {"CommentsAround", "// top\n\n{\"a\": [ // in\n 1]\n// last\n}\n// end",
         "// top\n\n{\n  \"a\": [\n    // in\n    1\n  ]\n  // last\n}\n// end\n"},
        {"CommentInside", R"({"a": /* x */ 1})", "{\n  /* x */\n  \"a\": 1\n}\n"},
        {"BlankLines", "{\n\n\"a\":1,\n\n\n\"b\":2}", "{\n  \"a\": 1,\n\n  \"b\": 2\n}\n"},
        {"NoItems", "{\"a\": [ // none yet\n]}", "{\n  \"a\": [\n    // none yet\n  ]\n}\n"},
    }),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Format, BreaksWhatIsTooLong) {
  const std::string text =
      Concat({R"({"key":[")", std::string(86, 'x'), R"("],"k":[")", std::string(90, 'x'), "\"]}"});
  EXPECT_EQ(Laid(text), Concat({"{\n  \"key\": [\"", std::string(86, 'x'),
                                "\"],\n  \"k\": [\n    \"", std::string(90, 'x'), "\"\n  ]\n}\n"}));
}

TEST(Format, RefusesWhatIsNoJson) {
  const auto formatted = FormatJson("{\"a\":\n1,}", "f.json");
  ASSERT_FALSE(formatted.ok());
  EXPECT_THAT(formatted.error().message(), HasSubstr("f.json:2: "));
}

// A random document with white space and comments everywhere they may stand.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : rng_(seed) {}

  std::string Document() { return Concat({Space(), Value(4), Space()}); }
  const std::multiset<std::string>& comments() const { return comments_; }

 private:
  std::string Space() {
    std::string space;
    for (std::uint64_t left = rng_.Below(4); left > 0; --left) {
      switch (rng_.Below(8)) {
        case 0:
          space += Comment("// ", "\n");
          break;
        case 1:
          space += Comment("/* ", " */");
          break;
        case 2:
          space += Comment("/* \n ", "\n*/");
          break;
        case 3:
          space += "\r\n";
          break;
        default:
          space += rng_.Below(2) == 0 ? "\n" : " ";
      }
    }
    return space;
  }
  std::string Comment(std::string_view open, std::string_view close) {
    std::string text = Concat({open, "c", std::to_string(comments_.size())});
    comments_.insert(std::string(Trim(text + std::string(close))));
    return text + std::string(close);
  }
  std::string Scalar() {
    static const std::vector<std::string> kScalars = {
        "1", "-0.5e3", "true", "null", R"("")", R"("// no comment")", R"("a\"/*b")", R"("é,]}")"};
    return rng_.Below(9) == 0 ? Concat({"\"", std::string(120, 'l'), "\""})
                              : kScalars[rng_.Below(kScalars.size())];
  }
  std::string Value(int depth) {
    const std::uint64_t kind = depth == 0 ? 2 : rng_.Below(3);
    if (kind == 2) {
      return Scalar();
    }
    const std::uint64_t count = rng_.Below(5);
    std::string text = kind == 0 ? "{" : "[";
    for (std::uint64_t index = 0; index < count; ++index) {
      text += Concat({index == 0 ? "" : ",", Space()});
      if (kind == 0) {
        text += Concat({"\"k", std::to_string(index), "\"", Space(), ":", Space()});
      }
      text += Concat({Value(depth - 1), Space()});
    }
    return Concat({text, count == 0 ? Space() : "", kind == 0 ? "}" : "]"});
  }

  Rng rng_;
  std::multiset<std::string> comments_;
};

std::string Plain(const json::Value& value) {
  std::string text = value.Excerpt();
  if (const auto* array = value.as_array()) {
    for (const json::Value& element : *array) {
      text += Concat({",", Plain(element)});
    }
  }
  if (const auto* object = value.as_object()) {
    for (const json::Member& member : *object) {
      text += Concat({",", member.key, ":", Plain(member.value)});
    }
  }
  return Concat({"(", text, ")"});
}

TEST(Format, KeepsEveryValueAndCommentAndIsDoneAfterOnce) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Writer writer(seed);
    const std::string text = writer.Document();
    const std::string once = Laid(text);
    ASSERT_EQ(Laid(once), once) << text;
    const auto before = json::Parse(text, "before", {.comments = true});
    const auto after = json::Parse(once, "after", {.comments = true});
    ASSERT_TRUE(before.ok() && after.ok()) << text;
    ASSERT_EQ(Plain(*before), Plain(*after)) << text;
    for (const std::string& comment : writer.comments()) {
      ASSERT_THAT(once, HasSubstr(comment)) << text;
    }
    ASSERT_THAT(once, ::testing::Not(HasSubstr("\n\n\n")));
  }
}

TEST(Format, EveryScenarioFileIsLaidOut) {
  for (const char* folder : {"/scenarios", "/scenarios/run", "/docs/examples/scenario"}) {
    const auto files = FindScenarios(std::string(DRYDOCK_SOURCE_DIR) + folder);
    ASSERT_TRUE(files.ok()) << files.error().message();
    for (const std::string& file : *files) {
      const auto text = ReadWholeFile(file);
      ASSERT_TRUE(text.ok());
      EXPECT_TRUE(Laid(*text) == *text) << file << ": let `drydock scenario fmt` lay it out";
    }
  }
}

}  // namespace
}  // namespace drydock::scenarios
