#include "tests/architecture/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "core/text.h"
#include "tests/architecture/scanner.h"

namespace drydock::architecture {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view TopFolder(std::string_view path) { return path.substr(0, path.find('/')); }

std::string Place(const File& file, std::size_t position) {
  return Concat({file.path, ":", std::to_string(LineAt(file.text, position))});
}

// Every place of `token`; one that starts with a letter must not continue a longer word.
std::vector<std::size_t> PlacesOf(std::string_view code, std::string_view token) {
  std::vector<std::size_t> places;
  for (std::size_t at = code.find(token); at != std::string_view::npos;
       at = code.find(token, at + token.size())) {
    const bool continues = token[0] != '_' && IsWord(token[0]) && at > 0 && IsWord(code[at - 1]);
    if (!continues) {
      places.push_back(at);
    }
  }
  return places;
}

// The fields of "a | b | c" lines; comments start with "#".
std::vector<std::vector<std::string>> Rows(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : Split(text, '\n')) {
    if (Trim(line).empty() || Trim(line).front() == '#') {
      continue;
    }
    std::vector<std::string> fields;
    for (const std::string& field : Split(line, '|')) {
      fields.emplace_back(Trim(field));
    }
    rows.push_back(std::move(fields));
  }
  return rows;
}

struct Include {
  std::string path;
  std::size_t position = 0;
  bool quoted = false;
};

std::vector<Include> Includes(const File& file) {
  std::vector<Include> includes;
  std::size_t start = 0;
  for (const std::string& line : Split(file.text, '\n')) {
    const std::string_view trimmed = Trim(line);
    if (trimmed.starts_with("#include")) {
      const std::size_t open = trimmed.find_first_of("\"<");
      const std::size_t close = trimmed.find_first_of("\">", open + 1);
      if (open != std::string_view::npos && close != std::string_view::npos) {
        includes.push_back(
            {std::string(trimmed.substr(open + 1, close - open - 1)), start, trimmed[open] == '"'});
      }
    }
    start += line.size() + 1;
  }
  return includes;
}

const std::map<std::string, std::set<std::string>, std::less<>>& Arrows() {
  static const std::map<std::string, std::set<std::string>, std::less<>> kArrows = {
      {"core", {"core"}},
      {"simulator", {"core", "simulator"}},
      {"publisher", {"core", "publisher"}},
      {"scenarios", {"core", "simulator", "publisher", "scenarios"}},
      {"cli", {"core", "simulator", "publisher", "scenarios", "cli"}},
      {"tests", {"core", "simulator", "publisher", "scenarios", "cli", "tests", "bench"}},
      {"bench", {"core", "simulator", "publisher", "scenarios", "cli", "tests", "bench"}},
  };
  return kArrows;
}

constexpr std::array<std::string_view, 3> kHeavyHeaders = {"nlohmann/json.hpp", "httplib.h",
                                                           "CLI/CLI.hpp"};
constexpr std::array<std::string_view, 4> kPureFolders = {
    "simulator/registry/", "simulator/faults/", "simulator/neighbours/", "simulator/buildkit/"};
constexpr std::array<std::string_view, 6> kImpureHeaders = {
    "thread", "sys/socket.h", "netinet/in.h", "poll.h", "httplib.h", "unistd.h"};

template <class List>
bool Contains(const List& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

struct Ban {
  std::string_view token;
  std::string_view instead;
};

constexpr std::array<Ban, 18> kBans = {{
    {"_clock::now", "take a Clock& and ask Now() or Elapsed()"},
    {"sleep_for", "take a Clock& and call SleepFor()"},
    {"sleep_until", "take a Clock& and call SleepFor()"},
    {"usleep(", "take a Clock& and call SleepFor()"},
    {"nanosleep(", "take a Clock& and call SleepFor()"},
    {"random_device", "take an Rng, forked by name"},
    {"rand(", "take an Rng, forked by name"},
    {"std::uniform_", "use Rng::Below(): the standard's distributions differ between libraries"},
    {"getenv", "take the value as an argument; the command line reads the environment"},
    {"setlocale(", "texts are the same in every locale; print without one"},
    {"std::locale", "texts are the same in every locale; print without one"},
    {"localtime", "times are UTC; use core/clock.h"},
    {"gethostname(", "nothing depends on the machine's name"},
    {"httplib::", "go through Transport, or through the Site that the server serves"},
    {"CLI::", "options belong to cli/; take plain values"},
    {"catch (", "return a Result; exceptions of libraries end in their adapter"},
    {"throw ", "return a Result"},
    {"DISABLED_", "repair the test or remove it"},
}};

}  // namespace

File MakeFile(std::string path, std::string text) {
  File file{std::move(path), std::move(text), {}};
  if (IsHeader(file.path) || IsSource(file.path)) {
    file.code = CodeOnly(file.text);
  }
  return file;
}

bool IsHeader(std::string_view path) { return path.ends_with(".h"); }
bool IsSource(std::string_view path) { return path.ends_with(".cc"); }

Findings CheckIncludes(const std::vector<File>& files) {
  Findings findings;
  for (const File& file : files) {
    const auto arrow = Arrows().find(TopFolder(file.path));
    if (file.code.empty() || arrow == Arrows().end()) {
      continue;
    }
    const auto pure = std::find_if(kPureFolders.begin(), kPureFolders.end(),
                                   [&](auto folder) { return file.path.starts_with(folder); });
    for (const Include& include : Includes(file)) {
      const std::string place = Place(file, include.position);
      const auto target = std::string(TopFolder(include.path));
      if (include.quoted && Arrows().count(target) == 0) {
        findings.push_back(
            Concat({place, ": an include starts at the root of the repository: ", include.path}));
      } else if (include.quoted && arrow->second.count(target) == 0) {
        findings.push_back(Concat(
            {place, ": ", arrow->first, "/ must not include ", target, "/: ", include.path}));
      }
      if (IsHeader(file.path) && Contains(kHeavyHeaders, include.path)) {
        findings.push_back(
            Concat({place, ": a heavy header belongs into a .cc file: ", include.path}));
      }
      if (pure != kPureFolders.end() && Contains(kImpureHeaders, include.path)) {
        findings.push_back(
            Concat({place, ": ", *pure, " knows neither threads nor sockets: ", include.path}));
      }
    }
  }
  return findings;
}

Findings CheckBannedTokens(const std::vector<File>& files, std::string_view homes) {
  Findings findings;
  std::map<std::pair<std::string, std::string>, bool> used;  // (path, token): seen there
  for (const auto& row : Rows(homes)) {
    const bool known = row.size() == 3 && !row[2].empty() &&
                       std::any_of(kBans.begin(), kBans.end(),
                                   [&](const Ban& ban) { return Trim(ban.token) == row[1]; });
    if (!known) {
      findings.push_back(
          Concat({"homes.txt: expected \"path | banned token | reason\": ", Join(row, " | ")}));
      continue;
    }
    used[{row[0], row[1]}] = false;
  }
  for (const File& file : files) {
    for (const Ban& ban : kBans) {
      for (const std::size_t at : PlacesOf(file.code, ban.token)) {
        bool home = false;
        for (auto& [key, seen] : used) {
          const bool here = key.first == file.path ||
                            (key.first.ends_with('/') && file.path.starts_with(key.first));
          if (here && key.second == Trim(ban.token)) {
            seen = true;
            home = true;
          }
        }
        if (!home) {
          findings.push_back(
              Concat({Place(file, at), ": ", ban.token, " is banned here: ", ban.instead}));
        }
      }
    }
  }
  for (const auto& [key, seen] : used) {
    if (!seen) {
      findings.push_back(Concat({"homes.txt: no longer needed: ", key.first, " | ", key.second}));
    }
  }
  return findings;
}

Findings CheckSizes(const std::vector<File>& files, std::string_view exceptions,
                    SizeLimits limits) {
  Findings findings;
  struct Exception {
    std::size_t limit = 0;
    bool used = false;
  };
  std::map<std::pair<std::string, std::string>, Exception> allowed;
  for (const auto& row : Rows(exceptions)) {
    const auto limit = row.size() == 4 ? ParseUnsigned(row[2]) : std::nullopt;
    if (!limit || row[3].empty()) {
      findings.push_back(
          Concat({"sizes.txt: expected \"path | file or function NAME | limit | reason\": ",
                  Join(row, " | ")}));
      continue;
    }
    allowed[{row[0], row[1]}] = {*limit, false};
  }
  const auto judge = [&](const std::string& place, const std::string& path, const std::string& what,
                         std::size_t size, std::size_t limit) {
    if (size <= limit) {
      return;
    }
    const auto found = allowed.find({path, what});
    if (found != allowed.end()) {
      found->second.used = true;
      limit = found->second.limit;
    }
    if (size > limit) {
      findings.push_back(
          Concat({place, ": ", what, " has ", std::to_string(size), " lines of code, the limit is ",
                  std::to_string(limit), ": split it where it has a seam"}));
    }
  };
  for (const File& file : files) {
    if (file.code.empty()) {
      continue;
    }
    const std::vector<bool> counted = CountedLines(file.code);
    const auto size = static_cast<std::size_t>(std::count(counted.begin(), counted.end(), true));
    judge(file.path, file.path, "file", size, IsHeader(file.path) ? limits.header : limits.source);
    for (const Function& function : Functions(file.code)) {
      judge(Concat({file.path, ":", std::to_string(function.line)}), file.path,
            Concat({"function ", function.name}), function.counted, limits.function);
    }
  }
  for (const auto& [key, exception] : allowed) {
    if (!exception.used) {
      findings.push_back(Concat({"sizes.txt: no longer needed: ", key.first, " | ", key.second}));
    }
  }
  return findings;
}

}  // namespace drydock::architecture
