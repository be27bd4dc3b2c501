#include "publisher/hash/dockerfile_floats.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "core/text.h"

namespace drydock::publisher {
namespace {

struct Instruction {
  std::size_t line = 0;
  std::string name;  // in capitals
  std::string rest;  // continued lines joined by a blank
};

std::vector<Instruction> InstructionsOf(std::string_view dockerfile) {
  std::vector<Instruction> instructions;
  std::size_t line = 0;
  bool continued = false;
  for (const std::string& raw : Split(dockerfile, '\n')) {
    ++line;
    std::string_view text = Trim(raw);
    if (text.empty() || text.starts_with('#')) {
      continue;  // also between continued lines
    }
    const bool goes_on = text.ends_with('\\');
    text = goes_on ? Trim(text.substr(0, text.size() - 1)) : text;
    if (continued) {
      instructions.back().rest += Concat({" ", text});
    } else {
      const std::size_t blank = std::min(text.find_first_of(" \t"), text.size());
      Instruction instruction{line, std::string(text.substr(0, blank)),
                              std::string(Trim(text.substr(blank)))};
      std::transform(instruction.name.begin(), instruction.name.end(), instruction.name.begin(),
                     [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
      instructions.push_back(std::move(instruction));
    }
    continued = goes_on;
  }
  return instructions;
}

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char letter : Concat({text, " "})) {
    if (letter == ' ' || letter == '\t' || letter == '"' || letter == '\'') {
      if (!word.empty()) {
        words.push_back(std::exchange(word, ""));
      }
    } else {
      word += letter;
    }
  }
  return words;
}

// The commands of a shell text, split where one ends.
std::vector<std::vector<std::string>> CommandsOf(std::string text) {
  for (const std::string_view end : {"&&", "||", ";", "|", "$(", ")", "`"}) {
    text = ReplaceAll(std::move(text), end, "\n");
  }
  std::vector<std::vector<std::string>> commands;
  for (const std::string& command : Split(text, '\n')) {
    commands.push_back(WordsOf(command));
  }
  return commands;
}

bool IsFloatingValue(std::string_view value) {
  constexpr std::array<std::string_view, 9> kFloating = {
      "latest", "main", "master", "head", "edge", "nightly", "stable", "lts", "next"};
  return std::find(kFloating.begin(), kFloating.end(), ToLower(value)) != kFloating.end();
}

bool IsCommit(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The command itself, behind what may stand before it.
std::string ProgramOf(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const bool before = word.starts_with("--") || Contains(word, "=") || word == "sudo" ||
                        word == "if" || word == "then" || word == "do" || word == "!" ||
                        word == "{" || word == "(";
    if (!before) {
      return word;
    }
  }
  return "";
}

bool HasWord(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class FloatFinder {
 public:
  explicit FloatFinder(std::string_view dockerfile) : instructions_(InstructionsOf(dockerfile)) {}

  std::vector<FloatingLine> Find() {
    for (const Instruction& instruction : instructions_) {
      at_ = &instruction;
      if (instruction.name == "FROM") {
        From();
      } else if (instruction.name == "ARG") {
        Arg();
      } else if (instruction.name == "ADD") {
        Add();
      } else if (instruction.name == "RUN") {
        for (const auto& command : CommandsOf(instruction.rest)) {
          Run(command);
        }
      }
    }
    return std::move(found_);
  }

 private:
  void Tell(std::initializer_list<std::string_view> what) {
    FloatingLine line{at_->line, Concat(what)};
    if (found_.empty() || found_.back().line != line.line || found_.back().what != line.what) {
      found_.push_back(std::move(line));
    }
  }

  void From() {
    std::vector<std::string> words = WordsOf(at_->rest);
    words.erase(std::remove_if(words.begin(), words.end(),
                               [](const std::string& word) { return word.starts_with("--"); }),
                words.end());
    if (words.empty()) {
      return;
    }
    const bool stage = std::find(stages_.begin(), stages_.end(), words[0]) != stages_.end();
    if (words.size() > 2 && EqualsIgnoringCase(words[1], "as")) {
      stages_.push_back(words[2]);
    }
    if (!stage && words[0] != "scratch" && !Contains(words[0], "@sha256:")) {
      Tell({"FROM without a digest: ", words[0]});
    }
  }

  void Arg() {
    for (const std::string& word : WordsOf(at_->rest)) {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
      if (equals == std::string::npos) {
        Tell({"build arg without a default, its value is not in the hash: ", name});
      } else if (IsFloatingValue(value)) {
        Tell({"build arg that floats: ", name, "=", value});
      } else if (name.ends_with("_REF") && !IsCommit(value)) {
        Tell({"build arg that names a branch or tag, which may move: ", name, "=", value});
      } else {
        Tell({"build arg, which --build-arg overrides outside the hash: ", name, "=", value});
      }
    }
  }

  void Add() {
    for (const std::string& word : WordsOf(at_->rest)) {
      if (word.starts_with("http") && !Contains(at_->rest, "--checksum=")) {
        Tell({"ADD of an address without --checksum: ", word});
      }
    }
  }

  void Run(const std::vector<std::string>& words) {
    const std::string program = ProgramOf(words);
    if (program == "curl" || program == "wget") {
      Download(words);
    } else if (program == "git" && HasWord(words, "clone")) {
      Clone(words);
    } else if (HasWord(words, "install") || HasWord(words, "add") || HasWord(words, "i")) {
      Install(words);
    } else if (HasWord(words, "upgrade") || HasWord(words, "dist-upgrade")) {
      Tell({"upgrade to whatever is current: ", Join(words, " ")});
    }
  }

  void Download(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (word.starts_with("http")) {
        const bool floats = Contains(word, "/latest") || Contains(word, "/main/") ||
                            Contains(word, "/master/") || Contains(word, "/HEAD/");
        const bool versioned = word.find_first_of("0123456789$") != std::string::npos;
        if (floats || !versioned) {
          Tell({floats ? "download that floats: " : "download without a version: ", word});
        }
      }
    }
  }

  void Clone(const std::vector<std::string>& words) {
    const auto address = std::find_if(words.begin(), words.end(), [](const std::string& word) {
      return Contains(word, "://") || Contains(word, "git@");
    });
    const auto branch = std::find_if(words.begin(), words.end(), [](const std::string& word) {
      return word == "-b" || word.starts_with("--branch");
    });
    const bool by_arg =
        branch != words.end() && branch + 1 != words.end() && Contains(*(branch + 1), "$");
    if (!by_arg) {
      Tell({"clone of a branch or tag, which may move: ",
            address == words.end() ? Join(words, " ") : *address});
    }
  }

  void Install(const std::vector<std::string>& words) {
    struct Installer {
      std::string_view program;
      std::string_view version_mark;  // what stands between name and version
    };
    constexpr std::array<Installer, 9> kInstallers = {{{"apt-get", "="},
                                                       {"apt", "="},
                                                       {"apk", "="},
                                                       {"pip", "=="},
                                                       {"pip3", "=="},
                                                       {"npm", "@"},
                                                       {"cargo", "@"},
                                                       {"go", "@"},
                                                       {"gem", ":"}}};
    for (const Installer& installer : kInstallers) {
      const auto program = std::find(words.begin(), words.end(), installer.program);
      if (program == words.end()) {
        continue;
      }
      std::vector<std::string> loose;
      for (auto word = program + 1; word != words.end(); ++word) {
        if (*word == "install" || *word == "add" || *word == "i" || word->starts_with('-') ||
            word->starts_with('.') || word->starts_with('/')) {
          continue;
        }
        const std::size_t mark = word->find(installer.version_mark, 1);
        const std::string version =
            mark == std::string::npos ? "" : word->substr(mark + installer.version_mark.size());
        if (version.empty() || IsFloatingValue(version)) {
          loose.push_back(*word);
        }
      }
      if (!loose.empty()) {
        Tell({installer.program, " of whatever version is current: ", Join(loose, " ")});
      }
      return;
    }
  }

  std::vector<Instruction> instructions_;
  const Instruction* at_ = nullptr;
  std::vector<std::string> stages_;
  std::vector<FloatingLine> found_;
};

}  // namespace

std::vector<FloatingLine> FloatingLines(std::string_view dockerfile) {
  return FloatFinder(dockerfile).Find();
}

}  // namespace drydock::publisher
