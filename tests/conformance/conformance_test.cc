#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/route.h"
#include "tests/conformance/row.h"
#include "tests/conformance/rule.h"

namespace drydock::simulator {
namespace {

class Conformance : public testing::TestWithParam<Row> {};

TEST_P(Conformance, Row) {
  const Performance in_process = Play(GetParam());
  const Performance over_socket = Play(GetParam(), Transport::kSocket);
  EXPECT_EQ(in_process.transcript, over_socket.transcript) << "two transports, one truth";
}

std::string NameOf(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.rule + "_" + info.param.title;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Blob, Conformance, testing::ValuesIn(BlobRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Upload, Conformance, testing::ValuesIn(UploadRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Manifest, Conformance, testing::ValuesIn(ManifestRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(List, Conformance, testing::ValuesIn(ListRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Auth, Conformance, testing::ValuesIn(AuthRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Hub, Conformance, testing::ValuesIn(HubRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Content, Conformance, testing::ValuesIn(ContentRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Push, Conformance, testing::ValuesIn(PushRows()), NameOf);
INSTANTIATE_TEST_SUITE_P(Manner, Conformance, testing::ValuesIn(MannerRows()), NameOf);

TEST(ConformanceSuite, HasRowsForEveryEndpoint) {
  std::set<std::string_view> covered;
  for (const Row& row : AllRows()) {
    const Rule* rule = FindRule(row.rule);
    ASSERT_NE(rule, nullptr) << row;
    covered.insert(rule->spec.substr(0, rule->spec.find_last_not_of("abc") + 1));
  }
  for (const OperationRow& row : OperationRows()) {
    if (!row.spec.empty()) {
      EXPECT_EQ(covered.count(row.spec), 1U) << row.spec << " " << row.name;
    }
  }
}

TEST(ConformanceSuite, HasRowsForEveryRule) {
  std::set<std::string_view> checked;
  const std::vector<Row> all = AllRows();
  for (const Row& row : all) {
    checked.insert(row.rule);
  }
  for (const Rule& rule : Rules()) {
    EXPECT_EQ(checked.count(rule.id), 1U) << rule.id;
  }
  EXPECT_GE(all.size(), 300U);
}

TEST(ConformanceSuite, SeesEveryErrorCodeOfTheTable) {
  std::set<std::string> seen;
  for (const Row& row : AllRows()) {
    for (std::string& refusal : Play(row).refusals) {
      seen.insert(std::move(refusal));
    }
  }
  std::set<std::string> table;
  for (const ErrorRow& row : ErrorRows()) {
    if (row.code != ApiCode::kUnknown) {  // wants a disk that fails: tests/unit/storage
      table.insert(Concat({row.name, " ", std::to_string(row.status)}));
    }
  }
  EXPECT_EQ(seen, table);
}

}  // namespace
}  // namespace drydock::simulator
