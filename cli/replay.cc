// `drydock replay PATH…`: plays scenario files and reports. Everything is read before anything is
// played, so that a broken file stops the command and not half of a long run.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/ci_log.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "core/text.h"
#include "scenarios/report/ci_formats.h"
#include "scenarios/report/html.h"
#include "scenarios/runner/batch.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/runner.h"
#include "simulator/server/har.h"

namespace drydock::cli {
namespace {

constexpr int kExitFailed = 1;

struct ReplayFlags {
  std::vector<std::string> paths;
  std::optional<std::uint64_t> seed;
  unsigned jobs = 1;
  bool allow_run = false;
  std::string journal;
  std::string junit;
  std::string html;
  std::string tap;
  std::string json_lines;
  bool annotations = false;
  std::string har;
  bool json = false;
  bool timeline = false;
  bool brief = false;
};

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (!file) {
    std::cerr << "drydock replay: cannot write: " << path << "\n";
  }
  return static_cast<bool>(file);
}

constexpr std::size_t kWidthLeast = 60;
constexpr std::size_t kWidthMost = 120;

// Columns of the terminal, within reason; the style's own width when there is none.
std::size_t TerminalWidth(std::size_t otherwise) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return otherwise;
  }
  return std::clamp<std::size_t>(size.ws_col, kWidthLeast, kWidthMost);
}

class Replay {
 public:
  explicit Replay(const ReplayFlags& flags) : flags_(flags) {}

  int Run() {
    const auto loaded = scenarios::LoadScenarios(flags_.paths);
    if (!loaded) {
      std::cerr << loaded.error().message() << "\n";
      return kExitUsage;
    }
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    style_.colour = !flags_.json && MayColour(STDOUT_FILENO);
    style_.terminal = terminal;
    style_.width = terminal ? TerminalWidth(style_.width) : style_.width;
    style_.timeline = flags_.timeline || (loaded->size() == 1 && !flags_.brief);
    scenarios::RunOptions options;
    options.seed = flags_.seed;
    options.allow_commands = flags_.allow_run;
    options.journal = !flags_.journal.empty();
    scenarios::RunAll(*loaded, options, flags_.jobs,
                      [&](std::size_t index, Result<scenarios::ScenarioResult> outcome) {
                        Take((*loaded)[index].file, std::move(outcome));
                      });
    const bool written = WriteReports();
    if (flags_.json) {
      std::cout << ToJson(played_);
    } else if (played_.size() > 1) {
      std::cout << played_.size() - failed_ - broken_ << " of " << played_.size()
                << " scenarios passed\n";
    }
    if (broken_ > 0 || !written) {
      return kExitUsage;
    }
    return failed_ > 0 ? kExitFailed : 0;
  }

 private:
  void Take(const std::string& file, Result<scenarios::ScenarioResult> outcome) {
    if (!outcome) {
      ++broken_;
      std::cerr << outcome.error().message() << "\n";
    } else {
      failed_ += outcome->passed() ? 0 : 1;
      journal_ += outcome->journal;
      if (!flags_.har.empty()) {
        events_.insert(events_.end(), outcome->main.events.begin(), outcome->main.events.end());
      }
      if (!flags_.json) {
        std::cout << ToText(*outcome, style_) << std::flush;
      }
      outcome->journal.clear();  // may be long, and is kept already
    }
    played_.push_back({file, std::move(outcome)});
  }

  bool WriteReports() {
    const bool journal = flags_.journal.empty() || WriteFile(flags_.journal, journal_);
    const bool junit = flags_.junit.empty() || WriteFile(flags_.junit, ToJUnit(played_));
    const bool html = flags_.html.empty() || WriteFile(flags_.html, scenarios::ToHtml(played_));
    const bool tap = flags_.tap.empty() || WriteFile(flags_.tap, scenarios::ToTap(played_));
    const bool lines =
        flags_.json_lines.empty() || WriteFile(flags_.json_lines, scenarios::ToJsonLines(played_));
    if (flags_.annotations || LogTakesAnnotations()) {
      std::cerr << scenarios::ToAnnotations(played_);  // the log has both; --json stays JSON
    }
    const bool har = flags_.har.empty() || WriteFile(flags_.har, simulator::ToHar(events_));
    return journal && junit && html && tap && lines && har;
  }

  const ReplayFlags& flags_;
  scenarios::TextStyle style_;
  std::vector<scenarios::Played> played_;
  std::string journal_;
  std::vector<Event> events_;  // of the runs, for --har
  std::size_t failed_ = 0;
  std::size_t broken_ = 0;
};

}  // namespace

void AddReplay(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App* command = app.add_subcommand(
      "replay",
      "Play scenario files or folders of them in virtual time, and check what they expect");
  command->add_option("paths", flags->paths, "Scenario files or folders")
      ->required()
      ->type_name("PATH");
  command->add_option("--seed", flags->seed, "Another seed than the files': another interleaving");
  command
      ->add_option("-j,--jobs", flags->jobs, "So many scenarios side by side; it changes no result")
      ->check(CLI::Range(1U, scenarios::kJobsMost))
      ->capture_default_str();
  command->add_flag("--allow-run", flags->allow_run,
                    "Let files with a \"run\" step run its programs on this machine");
  command->add_option("--journal", flags->journal, "Write every event as a line of JSON")
      ->type_name("FILE");
  command->add_option("--junit", flags->junit, "Write the results as JUnit XML")->type_name("FILE");
  command->add_option("--tap", flags->tap, "Write the results as TAP 14")->type_name("FILE");
  command
      ->add_option("--jsonl", flags->json_lines,
                   "Write a line of JSON for each failure and each scenario, and a summary")
      ->type_name("FILE");
  command->add_flag("--annotations", flags->annotations,
                    "Print failures as a GitHub or Gitea log annotates them (on there anyway)");
  command
      ->add_option("--html", flags->html,
                   "Write a report to look at: one HTML file that needs no network")
      ->type_name("FILE");
  command
      ->add_option("--har", flags->har,
                   "Write the requests of the run (not of its twin or second run) as HAR 1.2")
      ->type_name("FILE");
  CLI::Option* json = command->add_flag("--json", flags->json, "Print the results as JSON");
  CLI::Option* timeline =
      command->add_flag("--timeline", flags->timeline,
                        "Print the timeline of every scenario (of a single one anyway)");
  command->add_flag("--brief", flags->brief, "Print verdicts and failures only")
      ->excludes(timeline)
      ->excludes(json);
  command->footer(R"(A single scenario prints its timeline, several a line each.

Examples:
  drydock replay scenarios/incidents/2026-05-28-cache-export-400.json
  drydock replay scenarios                      # all of them, a line each
  drydock replay scenarios -j 4                 # the same, four at a time
  drydock replay scenarios --junit report.xml   # for a CI that reads JUnit
  drydock replay scenarios --html report.html   # to look at, in any browser
  drydock replay scenarios/run --allow-run      # a publish script of your own, in real time
  drydock replay FILE --journal run.jsonl       # every exchange, tag, fault and wait
  drydock replay FILE --har run.har             # for a HAR viewer, or for drydock import
  drydock replay FILE --seed 7                  # another interleaving, the same must hold

Exit codes: 0 everything held, 1 something expected did not hold, 2 a scenario is broken.)");
  command->callback([flags, &exit_code] { exit_code = Replay(*flags).Run(); });
}

}  // namespace drydock::cli
