// The rules about files as a whole: who runs, lists or includes them, and what they may name.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "core/text.h"
#include "tests/architecture/rules.h"
#include "tests/architecture/scanner.h"

namespace drydock::architecture {
namespace {

std::string Folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

// Is `word` in the text, not as a part of a longer path or name?
bool Names(std::string_view text, std::string_view word) {
  constexpr std::string_view kPathLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool left = at == 0 || kPathLetters.find(text[at - 1]) == std::string_view::npos;
    const bool right = end >= text.size() || kPathLetters.find(text[end]) == std::string_view::npos;
    if (left && right) {
      return true;
    }
  }
  return false;
}

bool IsScenario(std::string_view path) {
  return path.starts_with("scenarios/") && path.ends_with(".json") &&
         !path.ends_with(".schema.json");
}

// Written in pieces so that this file does not hold what it looks for; the checkout's own place is
// asked for.
const std::vector<std::string>& ForeignAddresses() {
  static const std::vector<std::string> kAddresses = {
      Concat({DRYDOCK_SOURCE_DIR, "/"}),  Concat({"../", "shared"}),
      Concat({"deb", "ian.org"}),         Concat({"ubuntu", ".com"}),
      Concat({"registry.npm", "js.org"}), Concat({"npm", "js.com"}),
      Concat({"pypi", ".org"}),           Concat({"python", "hosted.org"}),
      Concat({"proxy.golang", ".org"}),   Concat({"crates", ".io"}),
  };
  return kAddresses;
}

constexpr std::array<std::string_view, 4> kEmptyNames = {"Manager", "Helper", "Util", "Impl"};

// The type that "class X" or "struct X" at `at` names.
std::string_view TypeAt(std::string_view code, std::size_t at) {
  const std::size_t start = code.find_first_not_of(" \t", code.find(' ', at));
  const std::size_t end =
      std::min(code.find_first_not_of(
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", start),
               code.size());
  return code.substr(start, end - start);
}

}  // namespace

Findings CheckScenariosAreRun(const std::vector<File>& files) {
  Findings findings;
  for (const File& scenario : files) {
    if (!IsScenario(scenario.path)) {
      continue;
    }
    const std::string name = scenario.path.substr(scenario.path.rfind('/') + 1);
    const std::string stem = name.substr(0, name.size() - std::string_view(".json").size());
    const bool run = std::any_of(files.begin(), files.end(), [&](const File& file) {
      const bool test = file.path.starts_with("tests/") &&
                        (IsSource(file.path) || file.path.ends_with("CMakeLists.txt"));
      return test && (Names(file.text, scenario.path) || Names(file.text, name) ||
                      Names(file.text, stem) || Names(file.text, Folder(scenario.path)));
    });
    // A release or fault file beside a scenario is run by the scenario that names it.
    const bool part = std::any_of(files.begin(), files.end(), [&](const File& file) {
      return IsScenario(file.path) && file.path != scenario.path && Names(file.text, name);
    });
    if (!run && !part) {
      findings.push_back(
          Concat({scenario.path, ": no test runs it: name it or its folder in tests/scenario"}));
    }
  }
  return findings;
}

Findings CheckOwners(const std::vector<File>& files) {
  Findings findings;
  for (const File& file : files) {
    if (!IsSource(file.path)) {
      continue;
    }
    const bool listed = std::any_of(files.begin(), files.end(), [&](const File& list) {
      const std::string folder = Folder(list.path);
      const std::string prefix = folder.empty() ? "" : folder + "/";
      return list.path.ends_with("CMakeLists.txt") && file.path.starts_with(prefix) &&
             Names(list.text, std::string_view(file.path).substr(prefix.size()));
    });
    if (!listed) {
      findings.push_back(Concat({file.path, ": no CMakeLists.txt names it: add or remove it"}));
    }
  }
  return findings;
}

Findings CheckHeadersAreIncluded(const std::vector<File>& files) {
  Findings findings;
  std::set<std::string> included;
  for (const File& file : files) {
    for (const std::string& line : Split(file.text, '\n')) {
      if (!file.code.empty() && line.starts_with("#include \"")) {
        included.insert(line.substr(10, line.rfind('"') - 10));
      }
    }
  }
  for (const File& file : files) {
    if (IsHeader(file.path) && included.count(file.path) == 0) {
      findings.push_back(Concat({file.path, ": nothing includes it: use or remove it"}));
    }
  }
  return findings;
}

Findings CheckForeignAddresses(const std::vector<File>& files) {
  Findings findings;
  for (const File& file : files) {
    for (const std::string& address : ForeignAddresses()) {
      const std::size_t at = file.text.find(address);
      if (at != std::string::npos) {
        findings.push_back(Concat(
            {file.path, ":", std::to_string(LineAt(file.text, at)),
             ": a machine's path or a package registry's address; use a neutral one: ", address}));
      }
    }
  }
  return findings;
}

Findings CheckNames(const std::vector<File>& files) {
  Findings findings;
  for (const File& file : files) {
    if (file.code.empty()) {
      continue;
    }
    for (const std::string_view name : kEmptyNames) {
      const std::string part = Concat({"_", ToLower(name)});
      const std::string stem = file.path.substr(0, file.path.rfind('.'));
      if (stem.ends_with(part) || stem.ends_with(part + "s")) {
        findings.push_back(Concat({file.path, ": says nothing; name what it is for: ", name}));
      }
      for (const std::string_view kind : {"class ", "struct "}) {
        for (std::size_t at = file.code.find(kind); at != std::string::npos;
             at = file.code.find(kind, at + 1)) {
          if (TypeAt(file.code, at).ends_with(name)) {
            findings.push_back(
                Concat({file.path, ":", std::to_string(LineAt(file.code, at)),
                        ": says nothing; name what it is for: ", TypeAt(file.code, at)}));
          }
        }
      }
    }
    for (const std::string& later : {Concat({"TO", "DO"}), Concat({"FIX", "ME"})}) {
      const std::size_t at = file.text.find(later);
      if (at != std::string::npos) {
        findings.push_back(Concat({file.path, ":", std::to_string(LineAt(file.text, at)),
                                   ": do it or leave it: ", later}));
      }
    }
  }
  return findings;
}

}  // namespace drydock::architecture
