// Each rule on a few lines: what it lets pass, and what it must not.
#include "tests/architecture/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"

namespace drydock::architecture {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<File> Files(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<File> made;
  made.reserve(files.size());
  for (const auto& [path, text] : files) {
    made.push_back(MakeFile(path, text));
  }
  return made;
}

TEST(CheckIncludes, LetsTheArrowsPass) {
  const auto files = Files({
      {"core/a.cc", "#include \"core/a.h\"\n#include <vector>\n"},
      {"simulator/world/a.cc", "#include \"core/a.h\"\n#include \"simulator/x.h\"\n"},
      {"publisher/a.cc", "#include \"core/a.h\"\n#include \"publisher/x.h\"\n"},
      {"scenarios/runner/a.cc", "#include \"simulator/x.h\"\n#include \"publisher/x.h\"\n"},
      {"cli/a.cc", "#include \"scenarios/runner/x.h\"\n#include <CLI/CLI.hpp>\n"},
      {"tests/a.cc", "#include \"cli/x.h\"\n"},
  });
  EXPECT_THAT(CheckIncludes(files), IsEmpty());
}

TEST(CheckIncludes, FindsEveryForbiddenArrow) {
  struct Case {
    const char* path;
    const char* text;
    const char* finding;
  };
  const std::vector<Case> cases = {
      {"core/a.cc", "\n#include \"simulator/x.h\"\n", "core/a.cc:2: core/ must not include sim"},
      {"core/a.cc", "#include \"publisher/x.h\"\n", "core/ must not include publisher/"},
      {"simulator/a.cc", "#include \"publisher/x.h\"\n", "simulator/ must not include publisher/"},
      {"publisher/a.cc", "#include \"simulator/x.h\"\n", "publisher/ must not include simulator/"},
      {"publisher/a.cc", "#include \"scenarios/runner/x.h\"\n", "must not include scenarios/"},
      {"scenarios/runner/a.cc", "#include \"cli/x.h\"\n", "scenarios/ must not include cli/"},
      {"cli/a.cc", "#include \"tests/support/x.h\"\n", "cli/ must not include tests/"},
      {"core/a.cc", "#include \"a.h\"\n", "starts at the root of the repository: a.h"},
      {"core/a.h", "#include <nlohmann/json.hpp>\n", "belongs into a .cc file"},
      {"simulator/registry/a.cc", "#include <thread>\n",
       "simulator/registry/ knows neither threads nor sockets: thread"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(CheckIncludes(Files({{c.path, c.text}})), ElementsAre(HasSubstr(c.finding)));
  }
}

TEST(CheckBannedTokens, KnowsHomesAndComments) {
  const auto files = Files({
      {"core/clock.cc", "std::this_thread::sleep_for(span);\n"},
      {"core/a.cc", "// sleep_for is banned\nf(\"getenv\");\nint operand(1);\n"},
      {"cli/a.cc", "CLI::App app;\n"},
  });
  EXPECT_THAT(CheckBannedTokens(files,
                                "# homes\ncore/clock.cc | sleep_for | the clock\n"
                                "cli/ | CLI:: | options\n"),
              IsEmpty());
}

TEST(CheckBannedTokens, NamesTheReplacement) {
  struct Case {
    const char* text;
    const char* finding;
  };
  const std::vector<Case> cases = {
      {"\nstd::chrono::steady_clock::now();\n", "core/a.cc:2: _clock::now is banned here: take a "},
      {"std::this_thread::sleep_for(x);\n", "call SleepFor()"},
      {"std::this_thread::sleep_until(x);\n", "call SleepFor()"},
      {"usleep(5);\n", "call SleepFor()"},
      {"nanosleep(&a, nullptr);\n", "call SleepFor()"},
      {"std::random_device d;\n", "take an Rng"},
      {"int a = rand();\n", "take an Rng"},
      {"std::uniform_int_distribution<int> d;\n", "Rng::Below()"},
      {"getenv(x);\n", "as an argument"},
      {"setlocale(LC_ALL, name);\n", "in every locale"},
      {"std::locale l;\n", "in every locale"},
      {"localtime_r(&t, &parts);\n", "UTC"},
      {"gethostname(name, size);\n", "the machine's name"},
      {"httplib::Client c;\n", "Transport"},
      {"CLI::App app;\n", "cli/"},
      {"try {} catch (...) {}\n", "return a Result"},
      {"throw 1;\n", "return a Result"},
      {"TEST(A, DISABLED_B) {}\n", "repair the test"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(CheckBannedTokens(Files({{"core/a.cc", c.text}}), ""),
                Contains(HasSubstr(c.finding)))
        << c.text;
  }
}

TEST(CheckBannedTokens, FindsStaleAndMalformedHomes) {
  const auto files = Files({{"core/a.cc", "int x;\n"}});
  EXPECT_THAT(CheckBannedTokens(files, "core/a.cc | getenv | was needed\n"),
              ElementsAre("homes.txt: no longer needed: core/a.cc | getenv"));
  EXPECT_THAT(CheckBannedTokens(files, "core/gone.cc | getenv | was needed\n"),
              ElementsAre(HasSubstr("no longer needed: core/gone.cc")));
  EXPECT_THAT(CheckBannedTokens(files, "core/a.cc | getenv\n"), ElementsAre(HasSubstr("expected")));
  EXPECT_THAT(CheckBannedTokens(files, "core/a.cc | printf | why\n"),
              ElementsAre(HasSubstr("expected")));
}

std::string Lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "int x" + std::to_string(i) + ";\n";
  }
  return text;
}

TEST(CheckSizes, CountsFilesAndFunctions) {
  const SizeLimits limits{.header = 10, .source = 20, .function = 5};
  const auto small = Files({{"core/a.h", Lines(10)}, {"core/a.cc", Lines(20)}});
  EXPECT_THAT(CheckSizes(small, "", limits), IsEmpty());
  const auto large = Files({{"core/a.h", Lines(11)}, {"core/a.cc", Lines(21)}});
  EXPECT_THAT(CheckSizes(large, "", limits),
              ElementsAre(AllOf(HasSubstr("core/a.h: file has 11"), HasSubstr("limit is 10")),
                          AllOf(HasSubstr("core/a.cc: file has 21"), HasSubstr("limit is 20"))));
  const auto longish = Files({{"core/b.cc", Concat({"int y;\nvoid F() {\n", Lines(4), "}\n"})}});
  EXPECT_THAT(CheckSizes(longish, "", limits),
              ElementsAre(HasSubstr("core/b.cc:2: function F has 6")));
}

TEST(CheckSizes, ExceptionsRaiseOneLimitAndGoStale) {
  const SizeLimits limits{.header = 10, .source = 20, .function = 5};
  const auto files = Files({{"core/a.cc", Lines(21)}});
  EXPECT_THAT(CheckSizes(files, "core/a.cc | file | 25 | one grammar\n", limits), IsEmpty());
  EXPECT_THAT(CheckSizes(files, "core/a.cc | file | 20 | one grammar\n", limits),
              ElementsAre(HasSubstr("limit is 20")));
  EXPECT_THAT(CheckSizes(Files({{"core/a.cc", Lines(2)}}), "core/a.cc | file | 25 | why\n", limits),
              ElementsAre("sizes.txt: no longer needed: core/a.cc | file"));
  EXPECT_THAT(CheckSizes({}, "core/a.cc | file | many | why\n", limits),
              ElementsAre(HasSubstr("expected")));
}

TEST(CheckScenariosAreRun, ByNameByFolderOrNotAtAll) {
  const std::string path = "scenarios/incidents/x.json";
  EXPECT_THAT(CheckScenariosAreRun(Files({{path, "{}"}})), ElementsAre(HasSubstr("no test runs")));
  EXPECT_THAT(CheckScenariosAreRun(Files({{path, "{}"}, {"tests/s/a.cc", "Run(\"x.json\")"}})),
              IsEmpty());
  EXPECT_THAT(
      CheckScenariosAreRun(Files({{path, "{}"}, {"tests/s/a.cc", "All(\"scenarios/incidents\")"}})),
      IsEmpty());
  EXPECT_THAT(CheckScenariosAreRun(Files({{path, "{}"}, {"tests/s/a.cc", "Run(\"xx.json\")"}})),
              ElementsAre(HasSubstr("no test runs")));
  EXPECT_THAT(CheckScenariosAreRun(Files({{path, "{}"}, {"docs/a.md", "x.json"}})),
              ElementsAre(HasSubstr("no test runs")));
  EXPECT_THAT(CheckScenariosAreRun(Files({{"scenarios/scenario.schema.json", "{}"}})), IsEmpty());
}

TEST(CheckOwners, SourcesAreListed) {
  EXPECT_THAT(CheckOwners(Files({{"core/CMakeLists.txt", "SOURCES a.cc x/b.cc"},
                                 {"core/a.cc", ""},
                                 {"core/x/b.cc", ""}})),
              IsEmpty());
  EXPECT_THAT(CheckOwners(Files({{"core/CMakeLists.txt", "SOURCES aa.cc"}, {"core/a.cc", ""}})),
              ElementsAre(HasSubstr("core/a.cc: no CMakeLists.txt names it")));
  EXPECT_THAT(CheckOwners(Files({{"tests/CMakeLists.txt", "a.cc"}, {"core/a.cc", ""}})),
              ElementsAre(HasSubstr("no CMakeLists.txt")));
}

TEST(CheckHeadersAreIncluded, BySomebody) {
  EXPECT_THAT(CheckHeadersAreIncluded(
                  Files({{"core/a.cc", "#include \"core/a.h\"\n"}, {"core/a.h", "int a;"}})),
              IsEmpty());
  EXPECT_THAT(CheckHeadersAreIncluded(
                  Files({{"core/b.cc", "#include \"core/aa.h\"\n"}, {"core/a.h", "int a;"}})),
              ElementsAre(HasSubstr("core/a.h: nothing includes it")));
}

TEST(CheckForeignAddresses, FindsThemInAnyText) {
  EXPECT_THAT(CheckForeignAddresses(Files({{"docs/a.md", "see npm.example\n"}})), IsEmpty());
  EXPECT_THAT(
      CheckForeignAddresses(Files({{"docs/a.md", Concat({"a\nat http://deb.debian", ".org/x"})}})),
      ElementsAre(HasSubstr("docs/a.md:2: ")));
  EXPECT_THAT(
      CheckForeignAddresses(Files({{"core/a.cc", Concat({"\"", DRYDOCK_SOURCE_DIR, "/a\""})}})),
      ElementsAre(HasSubstr("core/a.cc:1: ")));
}

TEST(CheckNames, FindsEmptyNamesAndWorkLeftForLater) {
  EXPECT_THAT(CheckNames(Files({{"core/blob_store.cc", "class BlobStore {};\n"}})), IsEmpty());
  EXPECT_THAT(CheckNames(Files({{"core/string_util.cc", ""}, {"core/b.cc", "int a;"}})),
              IsEmpty());  // an empty file has no code
  EXPECT_THAT(CheckNames(Files({{"core/string_util.cc", "int a;"}})),
              ElementsAre(HasSubstr("Util")));
  EXPECT_THAT(CheckNames(Files({{"core/a.h", "\nclass BlobManager {};\n"}})),
              ElementsAre(HasSubstr("core/a.h:2: ")));
  EXPECT_THAT(CheckNames(Files({{"core/a.h", Concat({"// TO", "DO later\n"})}})),
              ElementsAre(HasSubstr("do it or leave it")));
}

}  // namespace
}  // namespace drydock::architecture
