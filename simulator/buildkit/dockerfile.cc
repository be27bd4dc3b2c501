#include "simulator/buildkit/dockerfile.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::array<std::string_view, 16> kKnown = {
    "FROM",  "ARG",  "ENV",    "COPY",   "RUN",        "CMD",   "ENTRYPOINT", "WORKDIR",
    "LABEL", "USER", "EXPOSE", "VOLUME", "STOPSIGNAL", "SHELL", "MAINTAINER", "HEALTHCHECK"};

std::string ToUpper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return upper;
}

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

Error ParseError(std::size_t line, std::string_view what) {
  return {ErrorCode::kInvalid,
          Concat({"dockerfile parse error on line ", std::to_string(line), ": ", what})};
}

// Joins continuation lines and leaves comments and blank lines out.
std::vector<Instruction> LogicalLines(const std::vector<std::string>& lines) {
  std::vector<Instruction> logical;
  bool continues = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view text = Trim(lines[i]);
    if (text.empty() || text[0] == '#') {
      continue;
    }
    if (!continues) {
      logical.push_back({i + 1, "", ""});
    }
    continues = text.back() == '\\';
    if (continues) {
      text.remove_suffix(1);
    }
    std::string& joined = logical.back().arguments;
    joined += Concat({joined.empty() ? "" : " ", Trim(text)});
  }
  for (Instruction& instruction : logical) {
    const std::string text = instruction.arguments;
    const std::size_t blank = std::min(text.find_first_of(" \t"), text.size());
    instruction.keyword = ToUpper(std::string_view(text).substr(0, blank));
    instruction.arguments = Trim(std::string_view(text).substr(blank));
  }
  return logical;
}

Result<Stage> ParseFrom(const Instruction& from) {
  std::vector<std::string> words = SplitWords(from.arguments);
  if (!words.empty() && words[0].substr(0, 11) == "--platform=") {
    words.erase(words.begin());
  }
  const bool named = words.size() == 3 && EqualsIgnoringCase(words[1], "AS");
  if (words.size() != 1 && !named) {
    return ParseError(from.line, "FROM requires either one or three arguments");
  }
  Stage stage;
  stage.line = from.line;
  stage.base = words[0];
  stage.name = named ? ToLower(words[2]) : "";
  return stage;
}

// The end of the name that starts at `at`, and the text after ":-" when there is one.
struct Placeholder {
  std::string_view name;
  std::string_view fallback;
  std::size_t end = 0;
};

std::optional<Placeholder> ReadPlaceholder(std::string_view text, std::size_t dollar) {
  const std::size_t first = dollar + 1;
  if (first < text.size() && text[first] == '{') {
    const std::size_t close = text.find('}', first);
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view inside = text.substr(first + 1, close - first - 1);
    const std::size_t colon = inside.find(":-");
    return Placeholder{inside.substr(0, colon),
                       colon == std::string_view::npos ? "" : inside.substr(colon + 2), close + 1};
  }
  std::size_t end = first;
  while (end < text.size() &&
         (end == first ? IsNameStart(text[end]) : IsNameCharacter(text[end]))) {
    ++end;
  }
  if (end == first) {
    return std::nullopt;
  }
  return Placeholder{text.substr(first, end - first), "", end};
}

}  // namespace

Result<Dockerfile> ParseDockerfile(std::string_view text) {
  Dockerfile file;
  file.lines = Split(ReplaceAll(std::string(text), "\r\n", "\n"), '\n');
  for (Instruction& instruction : LogicalLines(file.lines)) {
    if (std::find(kKnown.begin(), kKnown.end(), instruction.keyword) == kKnown.end()) {
      return ParseError(instruction.line, Concat({"unknown instruction: ", instruction.keyword}));
    }
    if (instruction.keyword == "FROM") {
      Result<Stage> stage = ParseFrom(instruction);
      if (!stage) {
        return stage.error();
      }
      file.stages.push_back(std::move(*stage));
    } else if (!file.stages.empty()) {
      file.stages.back().instructions.push_back(std::move(instruction));
    } else if (instruction.keyword == "ARG") {
      file.arguments.push_back(std::move(instruction));
    } else {
      return ParseError(instruction.line, "no build stage in current context");
    }
  }
  if (file.stages.empty()) {
    return Error(ErrorCode::kInvalid, "file with no instructions");
  }
  return file;
}

std::string Expand(std::string_view text, const Variables& variables) {
  std::string expanded;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto placeholder =
        text[at] == '$' ? ReadPlaceholder(text, at) : std::optional<Placeholder>();
    if (!placeholder) {
      expanded += text[at++];
      continue;
    }
    const auto found = variables.find(placeholder->name);
    const bool set = found != variables.end() && !found->second.empty();
    expanded += set ? std::string_view(found->second) : placeholder->fallback;
    at = placeholder->end;
  }
  return expanded;
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      quote = c == quote ? '\0' : quote;
      word += quote == 0 ? "" : std::string(1, c);
    } else if (c == '"' || c == '\'') {
      quote = c;
      inside = true;
    } else if (c == ' ' || c == '\t') {
      if (inside) {
        words.push_back(std::move(word));
      }
      word.clear();
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (inside) {
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<Assignment> ParseAssignments(std::string_view arguments) {
  std::vector<Assignment> assignments;
  const std::vector<std::string> words = SplitWords(arguments);
  if (words.size() > 1 && words[0].find('=') == std::string::npos) {  // ENV NAME the value
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    return {{words[0], Join(rest, " "), true}};
  }
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const bool has_value = equals != std::string::npos;
    assignments.push_back(
        {word.substr(0, equals), has_value ? word.substr(equals + 1) : "", has_value});
  }
  return assignments;
}

}  // namespace drydock::simulator::buildkit
