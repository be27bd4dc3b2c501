#include "core/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace drydock {
namespace {

TEST(Text, ConcatJoinSplit) {
  EXPECT_EQ(Concat({}), "");
  EXPECT_EQ(Concat({"a", "", "bc"}), "abc");
  EXPECT_EQ(Join({}, ","), "");
  EXPECT_EQ(Join({"a"}, ","), "a");
  EXPECT_EQ(Join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(Split("a,b,,c", ','), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(Split(",", ','), (std::vector<std::string>{"", ""}));
  EXPECT_TRUE(
      rc::check([](const std::string& text) { RC_ASSERT(Join(Split(text, ','), ",") == text); }));
}

TEST(Text, TrimAndCase) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(ToLower("AbÄ9"), "abÄ9");
  EXPECT_TRUE(Contains("abcd", "bc"));
  EXPECT_TRUE(Contains("a", ""));
  EXPECT_FALSE(Contains("abcd", "cb"));
  EXPECT_TRUE(EqualsIgnoringCase("Content-Type", "content-TYPE"));
  EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoringCase("[", "{"));
}

TEST(Text, ReplaceAll) {
  EXPECT_EQ(ReplaceAll("aXbX", "X", "yX"), "ayXbyX");
  EXPECT_EQ(ReplaceAll("aaa", "aa", "b"), "ba");
  EXPECT_EQ(ReplaceAll("abc", "", "x"), "abc");
  EXPECT_EQ(ReplaceAll("abc", "b", ""), "ac");
}

TEST(Text, ParseUnsigned) {
  EXPECT_EQ(ParseUnsigned("0"), 0u);
  EXPECT_EQ(ParseUnsigned("007"), 7u);
  EXPECT_EQ(ParseUnsigned("18446744073709551615"), 18446744073709551615u);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(ParseUnsigned(bad), std::nullopt) << bad;
  }
}

TEST(Text, Globs) {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "abc", true},
      {"a*", "abc", true},
      {"a*c", "abc", true},
      {"a*c", "abd", false},
      {"?", "a", true},
      {"?", "", false},
      {"a?c", "abc", true},
      {"**", "x", true},
      {"*.docker.io", "registry-1.docker.io", true},
      {"v*-omos", "v1-omos-with-pi", false},
      {"*ab", "aab", true},
      {"*a*b*", "xxaxxbxx", true},
      {"[a]", "a", false},
      {"a.c", "abc", false},
      {"base-*", "base-latest", true},
      {"a*b?", "aXbbc", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(GlobMatches(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
  }
}

// By trying every way to share the text among the pattern's letters; for short texts only.
bool SlowMatch(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern[0] == '*') {
    return SlowMatch(pattern.substr(1), text) ||
           (!text.empty() && SlowMatch(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         SlowMatch(pattern.substr(1), text.substr(1));
}

TEST(Text, GlobsAgreeWithTheirDefinition) {
  EXPECT_TRUE(rc::check([] {
    const auto text = [](std::string_view letters, int most) {
      const auto length = static_cast<std::size_t>(*rc::gen::inRange(0, most));
      return *rc::gen::container<std::string>(length, rc::gen::elementOf(std::string(letters)));
    };
    const std::string pattern = text("ab*?", 7);
    const std::string subject = text("ab", 9);
    RC_ASSERT(GlobMatches(pattern, subject) == SlowMatch(pattern, subject));
  }));
}

TEST(Text, GlobsStayFastOnHostileInput) {
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));
}

TEST(Text, NearestWord) {
  const std::vector<std::string> words = {"repository", "reference", "tag"};
  EXPECT_EQ(NearestWord("repositry", words), "repository");
  EXPECT_EQ(NearestWord("Tags", words), "tag");
  EXPECT_EQ(NearestWord("refrence", words), "reference");
  EXPECT_EQ(NearestWord("completely-else", words), std::nullopt);
  EXPECT_EQ(NearestWord("x", {}), std::nullopt);
}

TEST(Text, HexAndBase64) {
  EXPECT_EQ(ToHex(std::string_view("\x00\xff\x10", 3)), "00ff10");
  // RFC 4648 section 10.
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : rows) {
    EXPECT_EQ(Base64(plain), coded);
    EXPECT_EQ(FromBase64(coded), plain);
    EXPECT_EQ(FromBase64(ReplaceAll(coded, "=", "")), plain) << "padding is optional";
  }
  EXPECT_EQ(FromBase64("-_-_"), FromBase64("+/+/"));
  for (const char* bad : {"Z", "Zg=a", "Z g=", "Zm9v!", "ÄÄ"}) {
    EXPECT_EQ(FromBase64(bad), std::nullopt) << bad;
  }
  EXPECT_TRUE(
      rc::check([](const std::string& text) { RC_ASSERT(FromBase64(Base64(text)) == text); }));
}

TEST(Text, Percent) {
  EXPECT_EQ(PercentEncode("a-Z_0.~ /:%ä"), "a-Z_0.~%20%2F%3A%25%C3%A4");
  EXPECT_EQ(PercentDecode("a%20b%2fc"), "a b/c");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%2"), "%2");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  EXPECT_TRUE(rc::check(
      [](const std::string& text) { RC_ASSERT(PercentDecode(PercentEncode(text)) == text); }));
}

TEST(Text, PadRight) {
  EXPECT_EQ(PadRight("ab", 4), "ab  ");
  EXPECT_EQ(PadRight("abcd", 4), "abcd");
  EXPECT_EQ(PadRight("abcde", 4), "abcde");
}

TEST(Text, HumanBytes) {
  const std::pair<std::uint64_t, const char*> rows[] = {
      {0, "0 B"},          {17, "17 B"},        {999, "999 B"},
      {1000, "1.0 kB"},    {312'000, "312 kB"}, {1'500'000'000, "1.5 GB"},
      {999'999, "1.0 MB"}, {99'960, "100 kB"},  {18446744073709551615u, "18446744 TB"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(HumanBytes(bytes), text) << bytes;
  }
}

}  // namespace
}  // namespace drydock
