// What the reader takes and refuses of the effects that change a registry, and of what it holds;
// the schema editors use says the same.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "tests/unit/runner/json_schema.h"

namespace drydock::simulator {
namespace {

struct TreatmentRow {
  std::string when;
  std::string effect;
  std::string complaint = {};  // part of the message; "" for a rule that is taken
  bool schema = true;          // the schema refuses what the reader does
};

std::string TextOf(const TreatmentRow& row) {
  return Concat(
      {R"({"faults": [{"name": "x", "when": {)", row.when, R"(}, "do": {)", row.effect, "}}]}"});
}

bool SchemaTakes(const std::string& text) {
  static const json::Value kSchema =
      *json::ParseFile(std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/scenario.schema.json");
  const auto document = json::Parse(text, "f.json");
  return document &&
         testing::SchemaComplaint(kSchema, *kSchema.At("/$defs/fault"), *document->At("/faults/0"))
             .empty();
}

class ReadTreatmentTest : public ::testing::TestWithParam<TreatmentRow> {};

TEST_P(ReadTreatmentTest, TakesItOrSaysWhatIsWrong) {
  const TreatmentRow& row = GetParam();
  const std::string text = TextOf(row);
  const auto rules = ParseFaultFile(text, "f.json");
  if (row.complaint.empty()) {
    EXPECT_TRUE(rules.ok()) << text << "\n" << (rules ? "" : rules.error().message());
    EXPECT_TRUE(SchemaTakes(text)) << text;
    return;
  }
  ASSERT_FALSE(rules.ok()) << text;
  EXPECT_NE(rules.error().message().find(row.complaint), std::string::npos)
      << text << "\n  said: " << rules.error().message();
  EXPECT_EQ(SchemaTakes(text), !row.schema) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Policies, ReadTreatmentTest,
    ::testing::Values(
        TreatmentRow{"", R"("policy": {"token-life": 60, "read-only": "DENIED", "mount": false})"},
        TreatmentRow{R"("operation": "manifest.*")", R"("policy": {"types-refused": "a b"})"},
        TreatmentRow{R"("replica": 2)", R"("policy": {"uploads": "lost"})"},
        TreatmentRow{"", R"("policy": {})", "expected an object of traits"},
        TreatmentRow{"", R"("policy": {"read-onyl": "DENIED"})", "did you mean read-only", false},
        TreatmentRow{"", R"("policy": {"read-only": "NOT_A_CODE"})", "is none of", false},
        TreatmentRow{"", R"("policy": {"read-only": null})", "expected a text, a number"},
        TreatmentRow{"", R"("policy": {"replicas": 2})", "settled before rules are asked", false},
        TreatmentRow{R"("operation": "blob.get")", R"("policy": {"overwrite-refused": "DENIED"})",
                     "can never match: it is about manifest.put", false},
        TreatmentRow{R"("status": 200)", R"("policy": {"read-only": "DENIED"})",
                     "before there is an answer", false},
        TreatmentRow{R"("replica": 0)", R"("policy": {"read-only": "DENIED"})",
                     "expected 1 or more"},
        TreatmentRow{R"("replica": 1, "operation": "npm.package")", R"("reply": {"status": 500})",
                     "is not with the registry", false},
        TreatmentRow{"", R"("policy": {"read-only": "DENIED"}, "at": "decide")",
                     "always acts at \"admit\""},
        TreatmentRow{"", R"("policy": {"read-only": "DENIED"}, "commit": "none")",
                     "answers nothing"}));

INSTANTIATE_TEST_SUITE_P(
    Views, ReadTreatmentTest,
    ::testing::Values(
        TreatmentRow{"", R"("read-view": {"lag": "5s"})"},
        TreatmentRow{"", R"("read-view": {"replication": "5s", "truncate": 9})"},
        TreatmentRow{"", R"("read-view": {"previous": true})"},
        TreatmentRow{"", R"("read-view": {"miss-cache": "5s", "hit-cache": "1m"})"},
        TreatmentRow{"", R"("read-view": {"hit-cache": "1m", "per-accept": true})"},
        TreatmentRow{"", R"("read-view": {"truncate": 0})"},
        TreatmentRow{"", R"("read-view": {})", "expected one of \"lag\""},
        TreatmentRow{"", R"("read-view": {"previous": false})", "expected one of \"lag\"", false},
        TreatmentRow{"", R"("read-view": {"lag": "0s"})", "expected more than 0", false},
        TreatmentRow{"", R"("read-view": {"lag": "1s", "previous": true})",
                     "expected one of \"lag\""},
        TreatmentRow{"", R"("read-view": {"lag": "1s", "per-accept": true})",
                     "needs a \"miss-cache\""},
        TreatmentRow{R"("operation": "upload.patch")", R"("read-view": {"lag": "1s"})",
                     "can never match", false},
        TreatmentRow{R"("operation": "manifest.put")", R"("read-view": {"truncate": 1})",
                     "can never match", false}));

INSTANTIATE_TEST_SUITE_P(
    Others, ReadTreatmentTest,
    ::testing::Values(
        TreatmentRow{"", R"("bucket": {"size": 1, "every": "1h"})"},
        TreatmentRow{"", R"("bucket": {"by": "account", "size": 1, "refill": 1, "every": "1h",
            "cost": {"manifest.get": 2}, "headers": "docker", "retry-after": "date",
            "reply": {"status": 429, "text": "x"}})"},
        TreatmentRow{"", R"("bucket": {"size": 1})", "missing key \"every\""},
        TreatmentRow{"", R"("bucket": {"size": 1, "every": "0s"})", "expected more than 0", false},
        TreatmentRow{"", R"("bucket": {"size": 1, "every": "1s", "by": "cookie"})",
                     "expected one of: account, address, host"},
        TreatmentRow{"", R"("bucket": {"size": 1, "every": "1s", "cost": {"ping": -1}})",
                     "expected 0 or more"},
        TreatmentRow{"", R"("actor": {"does": [{"tag": "a", "to": "b"}, {"collect": "untagged"},
            {"uploads": "lost"}, {"arm": "x"}], "after": "1s", "as": "who"}, "at": "decide")"},
        TreatmentRow{"", R"("actor": {"does": [{"put-manifest": {"mediaType": "m", "a": [1, true,
            "x"]}, "as": "{digest-tag}", "repository": "c/d"}]})"},
        TreatmentRow{"", R"("actor": {"does": []})", "expected an array of 1 to 64"},
        TreatmentRow{"", R"("actor": {"does": [{"jump": "high"}]})", "expected an object with one"},
        TreatmentRow{"", R"("actor": {"does": [{"tag": "a"}]})", "missing key \"to\""},
        TreatmentRow{"", R"("actor": {"does": [{"collect": "all"}]})", "expected one of: unreach"},
        TreatmentRow{"", R"("actor": {"does": [{"arm": "y"}]})", "no such fault in this list",
                     false},
        TreatmentRow{R"("operation": "npm.package")", R"("actor": {"does": [{"delete": "a"}]})",
                     "can never match", false},
        TreatmentRow{R"("state": {"tags": {"v1": true}, "open-uploads": {"at-least": 1},
            "in-flight": {"upload.*": 2}})",
                     R"("reply": {"status": 500})"},
        TreatmentRow{R"("operation": "upload.patch", "state": {"open-uploads": 1})",
                     R"("cut": "rst", "at": "request-body", "after-bytes": 1)",
                     "while the registry goes on with others", false},
        TreatmentRow{"", R"("policy": {"read-only": "DENIED"}, "hold": "5s")", "answers nothing"},
        TreatmentRow{R"("state": {})", R"("reply": {"status": 500})", "expected one of \"tags\""},
        TreatmentRow{R"("state": {"open-uploads": {"at-least": 2, "at-most": 1}})",
                     R"("reply": {"status": 500})", "can never match", false},
        TreatmentRow{R"("state": {"in-flight": {"jump": 1}})", R"("reply": {"status": 500})",
                     "no such operation", false}));

}  // namespace
}  // namespace drydock::simulator
