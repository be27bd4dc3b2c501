// Challenges as registries really write them, and properties over any bytes and any rendering.
#include "publisher/registry/challenge.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// "scheme name=value;… | scheme token68" of a parsed field.
std::string Flat(std::string_view field) {
  std::vector<std::string> challenges;
  for (const Challenge& challenge : ParseChallenges(field)) {
    std::vector<std::string> pieces = {challenge.scheme};
    if (!challenge.token68.empty()) {
      pieces.push_back(challenge.token68);
    }
    for (const auto& [name, value] : challenge.parameters) {
      pieces.push_back(Concat({name, "=", value}));
    }
    challenges.push_back(Join(pieces, " "));
  }
  return Join(challenges, " | ");
}

TEST(ParseChallenges, ReadsWhatRegistriesWrite) {
  struct Row {
    const char* field;
    const char* flat;
  };
  const std::vector<Row> rows = {
      {R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")",
       "bearer realm=https://auth.docker.io/token service=registry.docker.io"},
      {R"(Bearer realm="https://r/t",service="r",scope="repository:a/b:pull,push")",
       "bearer realm=https://r/t scope=repository:a/b:pull,push service=r"},
      {R"(bearer Realm="x", ERROR=insufficient_scope)", "bearer error=insufficient_scope realm=x"},
      {"Basic realm=registry", "basic realm=registry"},
      {R"(BASIC   realm = "a b" )", "basic realm=a b"},
      {R"(Basic realm="a", Bearer realm="b",service="c")",
       "basic realm=a | bearer realm=b service=c"},
      {R"(Negotiate, Basic realm="a")", "negotiate | basic realm=a"},
      {"Negotiate YWJj==, Basic realm=x", "negotiate YWJj== | basic realm=x"},
      {"NTLM TlRM/+a=", "ntlm TlRM/+a="},
      {R"(Bearer realm="a\"b\\c")", R"(bearer realm=a"b\c)"},
      {R"(Bearer realm="unterminated)", "bearer realm=unterminated"},
      {R"(Bearer realm="a",realm="b")", "bearer realm=a"},
      {R"(,, Bearer ,realm="a",,service=b,)", "bearer realm=a service=b"},
      {R"(realm="a", Basic realm="b")", "basic realm=b"},
      {"Bearer", "bearer"},
      {"Bearer realm=", "bearer realm="},
      {R"(Bearer realm="x",)", "bearer realm=x"},
      {"\x01{}[]Bearer realm=x", "bearer realm=x"},
      {"", ""},
      {" , ,\t", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Flat(row.field), row.flat) << row.field;
  }
}

TEST(ParseChallenges, HasLimits) {
  std::string many;
  std::string wide = "Bearer ";
  for (int i = 0; i < 100; ++i) {
    many += Concat({"Basic realm=\"", std::to_string(i), "\", "});
    wide += Concat({"p", std::to_string(i), "=v, "});
  }
  EXPECT_EQ(ParseChallenges(many).size(), kChallengesMax);
  ASSERT_EQ(ParseChallenges(wide).size(), 1u);
  EXPECT_EQ(ParseChallenges(wide)[0].parameters.size(), kChallengeParametersMax);
}

TEST(BestChallenge, PrefersBearerOverTheFieldsInAnyOrder) {
  const auto scheme = [](const std::vector<std::string>& fields) {
    const auto best = BestChallenge(fields);
    return best ? Concat({best->scheme, " ", best->Get("realm")}) : std::string("none");
  };
  EXPECT_EQ(scheme({R"(Basic realm="a")", R"(Bearer realm="b")"}), "bearer b");
  EXPECT_EQ(scheme({R"(Bearer realm="b")", R"(Basic realm="a")"}), "bearer b");
  EXPECT_EQ(scheme({R"(Basic realm="a", Basic realm="c", Bearer service="no realm")"}), "basic a");
  EXPECT_EQ(scheme({"Negotiate", "Digest realm=x"}), "none");
  EXPECT_EQ(scheme({"Bearer service=x"}), "none");
  EXPECT_EQ(scheme({}), "none");
}

RC_GTEST_PROP(ParseChallengesProperty, TakesAnyBytesAndKeepsItsLimits, (const std::string& bytes)) {
  const auto challenges = ParseChallenges(bytes);
  RC_ASSERT(challenges.size() <= kChallengesMax);
  for (const Challenge& challenge : challenges) {
    RC_ASSERT(!challenge.scheme.empty());
    RC_ASSERT(challenge.scheme == ToLower(challenge.scheme));
    RC_ASSERT(challenge.parameters.size() <= kChallengeParametersMax);
  }
}

// Words of the alphabet that a grammar's corner cases are made of.
RC_GTEST_PROP(ParseChallengesProperty, TakesAnyMixOfItsOwnPieces, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "Bearer", "Basic", " ", ",", "=", "\"", "\\", "realm", "a", "==", "\t", "/"));
  const auto challenges = ParseChallenges(Join(pieces, ""));
  RC_ASSERT(challenges.size() <= kChallengesMax);
}

std::string Quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
    }
    text += c;
  }
  return text + "\"";
}

RC_GTEST_PROP(ParseChallengesProperty, GivesBackWhatWasRendered, ()) {
  const auto token = rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcdefgxyz0189-_."))));
  const auto value = rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("abcXYZ019 ,=\"\\:/?&;()<>@[]{}")));
  const auto count = *rc::gen::inRange(1, 5);
  std::vector<Challenge> wanted;
  std::vector<std::string> rendered;
  for (int i = 0; i < count; ++i) {
    Challenge challenge;
    challenge.scheme = *token;
    challenge.parameters = *rc::gen::container<std::map<std::string, std::string>>(token, value);
    RC_PRE(challenge.parameters.size() <= kChallengeParametersMax);
    std::vector<std::string> parameters;
    for (const auto& [name, text] : challenge.parameters) {
      const std::string blank = *rc::gen::element<std::string>("", " ", "\t");
      parameters.push_back(Concat({name, blank, "=", blank, Quoted(text)}));
    }
    rendered.push_back(Concat({challenge.scheme, " ", Join(parameters, ", ")}));
    wanted.push_back(std::move(challenge));
  }
  const auto parsed = ParseChallenges(Join(rendered, *rc::gen::element<std::string>(",", " , ")));
  RC_ASSERT(parsed.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    RC_ASSERT(parsed[i].scheme == wanted[i].scheme);
    RC_ASSERT(parsed[i].parameters == wanted[i].parameters);
  }
}

}  // namespace
}  // namespace drydock::publisher
