// The subcommands of `drydock`, one function and one file each. Each adds itself to the program's
// command line; when it is chosen it runs while the line is parsed and leaves its exit code in
// `exit_code`. Output goes to standard output, complaints to standard error.
// Threads: called once, before any thread starts. Source: design.md "What it is".
#pragma once

#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the library's own name
namespace CLI {
class App;
}

namespace drydock::cli {

// Bad input of any kind (usage, an unreadable or wrong file): nothing was started.
inline constexpr int kExitUsage = 2;
// Says so in a line on standard error, as `drydock` or as one of its commands; returns kExitUsage.
int BadInput(std::string_view message);
int BadInput(std::string_view command, std::string_view message);

void AddReplay(CLI::App& app, int& exit_code);
void AddImport(CLI::App& app, int& exit_code);
void AddScenario(CLI::App& app, int& exit_code);
void AddServe(CLI::App& app, int& exit_code);
void AddPublish(CLI::App& app, int& exit_code);
void AddInit(CLI::App& app, int& exit_code);
void AddPush(CLI::App& app, int& exit_code);
void AddDiagnose(CLI::App& app, int& exit_code);
void AddHubPage(CLI::App& app, int& exit_code);
void AddHash(CLI::App& app, int& exit_code);
void AddTree(CLI::App& app, int& exit_code);
// `completion` and `man`, of all that was added before.
void AddDescriptions(CLI::App& app, std::string_view version, int& exit_code);

}  // namespace drydock::cli
