// docs/clients.md shows the rows that the tests of clients run, no others and none left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "core/text.h"
#include "tests/e2e/client_rows.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {
namespace {

constexpr std::string_view kBegin = "<!-- rows of tests/e2e/client_rows.cc -->\n";
constexpr std::string_view kEnd = "<!-- end of rows -->\n";

TEST(ClientsDocument, IsInStepWithTheRows) {
  const std::string path = DRYDOCK_SOURCE_DIR "/docs/clients.md";
  const std::string text = ReadFile(path);
  const std::size_t begin = std::min(text.find(kBegin), text.size());
  const std::size_t end = std::min(text.find(kEnd), text.size());
  ASSERT_LT(begin, end) << path << " has no place for the rows";
  const std::string made = Concat({text.substr(0, begin), kBegin, ClientTable(), text.substr(end)});
  if (made == text) {
    return;
  }
  const std::string renewed = DRYDOCK_BINARY_DIR "/clients.md";
  std::ofstream(renewed) << made;
  FAIL() << "docs/clients.md is not what the rows make; to renew it:\n  cp " << renewed << " "
         << path;
}

TEST(ClientRows, NameEachTestOnce) {
  std::set<std::string> names;
  for (const ClientCell& cell : ClientCells([](const ClientRow&) { return true; })) {
    EXPECT_TRUE(names.insert(TestName(cell)).second) << TestName(cell);
  }
}

}  // namespace
}  // namespace drydock::testing
