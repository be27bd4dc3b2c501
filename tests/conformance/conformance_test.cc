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

namespace drydock::simulator {
namespace {

class Conformance : public testing::TestWithParam<Row> {};

TEST_P(Conformance, Row) { Play(GetParam()); }

std::string NameOf(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.spec + "_" + info.param.title;
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

std::vector<Row> AllRows() {
  std::vector<Row> all;
  for (const auto* rows :
       {&BlobRows(), &UploadRows(), &ManifestRows(), &ListRows(), &AuthRows(), &HubRows()}) {
    all.insert(all.end(), rows->begin(), rows->end());
  }
  return all;
}

TEST(ConformanceSuite, HasRowsForEveryEndpoint) {
  std::set<std::string> covered;
  for (const Row& row : AllRows()) {
    covered.insert(row.spec.substr(0, row.spec.find_last_not_of("ab") + 1));
  }
  for (const OperationRow& row : OperationRows()) {
    if (!row.spec.empty()) {
      EXPECT_EQ(covered.count(std::string(row.spec)), 1U) << row.spec << " " << row.name;
    }
  }
}

TEST(ConformanceSuite, SeesEveryErrorCodeOfTheTable) {
  std::set<std::string> seen;
  for (const Row& row : AllRows()) {
    for (std::string& refusal : Play(row)) {
      seen.insert(std::move(refusal));
    }
  }
  std::set<std::string> table;
  for (const ErrorRow& row : ErrorRows()) {
    table.insert(Concat({row.name, " ", std::to_string(row.status)}));
  }
  EXPECT_EQ(seen, table);
}

}  // namespace
}  // namespace drydock::simulator
