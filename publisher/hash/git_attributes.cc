#include "publisher/hash/git_attributes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::size_t kLineMost = 2048;  // git ignores longer ones

bool InClass(std::string_view name, unsigned char byte) {
  struct Row {
    std::string_view name;
    int (*holds)(int);
  };
  static constexpr std::array<Row, 12> kClasses = {{{"alnum", std::isalnum},
                                                    {"alpha", std::isalpha},
                                                    {"blank", std::isblank},
                                                    {"cntrl", std::iscntrl},
                                                    {"digit", std::isdigit},
                                                    {"graph", std::isgraph},
                                                    {"lower", std::islower},
                                                    {"print", std::isprint},
                                                    {"punct", std::ispunct},
                                                    {"space", std::isspace},
                                                    {"upper", std::isupper},
                                                    {"xdigit", std::isxdigit}}};
  for (const Row& row : kClasses) {
    if (row.name == name) {
      return row.holds(byte) != 0;
    }
  }
  return false;
}

// Takes "[…]" off `pattern` and says whether it holds `byte`; nullopt when it never closes.
std::optional<bool> TakeBracket(std::string_view& pattern, unsigned char byte) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  at += negated ? 1 : 0;
  bool found = false;
  int low = -1;  // where a range may start
  for (bool first = true;; first = false) {
    if (at >= pattern.size()) {
      return std::nullopt;
    }
    if (pattern[at] == ']' && !first) {
      break;
    }
    if (pattern[at] == '[' && at + 1 < pattern.size() && pattern[at + 1] == ':') {
      const std::size_t end = pattern.find(":]", at + 2);
      if (end != std::string_view::npos) {
        found = found || InClass(pattern.substr(at + 2, end - at - 2), byte);
        low = -1;
        at = end + 2;
        continue;
      }
    }
    const bool range =
        pattern[at] == '-' && low >= 0 && at + 1 < pattern.size() && pattern[at + 1] != ']';
    at += range ? 1 : 0;
    if (pattern[at] == '\\' && ++at >= pattern.size()) {
      return std::nullopt;
    }
    const auto high = static_cast<unsigned char>(pattern[at++]);
    found = found || (range ? low <= byte && byte <= high : byte == high);
    low = range ? -1 : high;
  }
  pattern.remove_prefix(at + 1);
  return found != negated && byte != '/';
}

// Takes what matches exactly one character off both; false, with `pattern` undefined, otherwise.
bool TakeOne(std::string_view& pattern, std::string_view& path) {
  const char byte = path.front();
  if (pattern.front() == '[') {
    const auto held = TakeBracket(pattern, static_cast<unsigned char>(byte));
    if (!held || !*held) {
      return false;
    }
  } else if (pattern.front() == '?') {
    if (byte == '/') {
      return false;
    }
    pattern.remove_prefix(1);
  } else {
    if (pattern.front() == '\\') {
      pattern.remove_prefix(1);
    }
    if (pattern.empty() || pattern.front() != byte) {
      return false;
    }
    pattern.remove_prefix(1);
  }
  path.remove_prefix(1);
  return true;
}

// Where to go on after a mismatch: the pattern behind a star, and the path it may eat more of.
struct Retry {
  bool armed = false;
  std::string_view pattern;
  std::string_view path;
};

// "\"a\\tb\"" with C's escapes at the head of `line`; nullopt when it is not well-formed.
std::optional<std::string> TakeQuoted(std::string_view& line) {
  static constexpr std::string_view kEscapes = "abfnrtv\\\"";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  std::string text;
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] == '"') {
      line.remove_prefix(at + 1);
      return text;
    }
    if (line[at] != '\\') {
      text += line[at];
      continue;
    }
    if (++at == line.size()) {
      break;
    }
    if (const std::size_t which = kEscapes.find(line[at]); which != std::string_view::npos) {
      text += kMeanings[which];
      continue;
    }
    int octal = 0;
    for (int digit = 0; digit < 3; ++digit, ++at) {
      if (at >= line.size() || line[at] < '0' || line[at] > (digit == 0 ? '3' : '7')) {
        return std::nullopt;
      }
      octal = octal * 8 + (line[at] - '0');
    }
    --at;
    text += static_cast<char>(octal);
  }
  return std::nullopt;
}

std::string_view TakeWord(std::string_view& line) {
  const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

void SkipBlank(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
}

bool IsAttributeName(std::string_view name) {
  if (name.empty() || name.front() == '-') {
    return false;
  }
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) == 0 && letter != '-' && letter != '_' && letter != '.') {
      return false;
    }
  }
  return true;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

// "text -diff !eol filter=lfs"; nullopt for a name git does not take, which voids the whole line.
std::optional<Settings> ParseSettings(std::string_view line) {
  Settings settings;
  for (SkipBlank(line); !line.empty(); SkipBlank(line)) {
    std::string_view word = TakeWord(line);
    std::string value = "true";
    if (word.front() == '-' || word.front() == '!') {
      value = word.front() == '-' ? "false" : "!";
      word.remove_prefix(1);
      word = word.substr(0, word.find('='));
    } else if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
      value = "=" + std::string(word.substr(equals + 1));
      word = word.substr(0, equals);
    }
    if (!IsAttributeName(word)) {
      return std::nullopt;
    }
    settings.emplace_back(word, std::move(value));
  }
  return settings;
}

struct Statistics {
  std::size_t nul = 0;
  std::size_t lone_cr = 0;
  std::size_t lone_lf = 0;
  std::size_t crlf = 0;
  std::size_t printable = 0;
  std::size_t nonprintable = 0;

  // git's guess: a NUL, a lone CR, or more than one byte in 128 that is not text.
  bool Binary() const { return lone_cr > 0 || nul > 0 || (printable >> 7) < nonprintable; }
};

Statistics Gather(std::string_view content) {
  Statistics seen;
  for (std::size_t at = 0; at < content.size(); ++at) {
    const auto byte = static_cast<unsigned char>(content[at]);
    if (byte == '\r') {
      const bool pair = at + 1 < content.size() && content[at + 1] == '\n';
      ++(pair ? seen.crlf : seen.lone_cr);
      at += pair ? 1 : 0;
    } else if (byte == '\n') {
      ++seen.lone_lf;
    } else if (byte == 127 ||
               (byte < 32 && byte != '\b' && byte != '\t' && byte != 033 && byte != 014)) {
      seen.nul += byte == 0 ? 1 : 0;
      ++seen.nonprintable;
    } else {
      ++seen.printable;
    }
  }
  if (!content.empty() && content.back() == 032) {
    --seen.nonprintable;  // DOS's end of file
  }
  return seen;
}

}  // namespace

// The last "*" alone can be stretched, and then the last "**/": what an earlier one ate ended at
// the same slash in any case.
bool GitPatternMatches(std::string_view pattern, std::string_view path) {
  Retry star;
  Retry folders;
  bool begin = true;  // of the pattern, or behind a slash
  for (;;) {
    if (pattern.empty() && path.empty()) {
      return true;
    }
    if (pattern.starts_with('*')) {
      const std::size_t stars = std::min(pattern.find_first_not_of('*'), pattern.size());
      pattern.remove_prefix(stars);
      if (stars >= 2 && begin && pattern.empty()) {
        return true;
      }
      if (stars >= 2 && begin && pattern.front() == '/') {
        pattern.remove_prefix(1);
        folders = {true, pattern, path};
        star.armed = false;
      } else {
        star = {true, pattern, path};
        begin = false;
      }
      continue;
    }
    if (!pattern.empty() && !path.empty()) {
      const bool slash = path.front() == '/';
      if (TakeOne(pattern, path)) {
        begin = slash;
        continue;
      }
    }
    if (star.armed && !star.path.empty() && star.path.front() != '/') {
      star.path.remove_prefix(1);
      begin = false;
    } else if (const std::size_t slash =
                   folders.armed ? folders.path.find('/') : std::string_view::npos;
               slash != std::string_view::npos) {
      folders.path.remove_prefix(slash + 1);
      star.armed = false;
      begin = true;
    } else {
      return false;
    }
    pattern = star.armed ? star.pattern : folders.pattern;
    path = star.armed ? star.path : folders.path;
  }
}

GitAttributeFile GitAttributeFile::Parse(std::string_view text, std::string folder, bool top) {
  static constexpr std::string_view kMacro = "[attr]";
  GitAttributeFile file;
  file.folder_ = std::move(folder);
  if (top) {
    file.macros_["binary"] = {{"diff", "false"}, {"merge", "false"}, {"text", "false"}};
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    SkipBlank(line);
    if (line.empty() || line.front() == '#' || line.size() >= kLineMost) {
      continue;
    }
    Rule rule;
    std::optional<std::string> quoted;
    const std::string_view whole = line;
    if (line.front() == '"') {
      quoted = TakeQuoted(line);
    }
    if (quoted) {
      rule.pattern = *std::move(quoted);
    } else {
      line = whole;
      rule.pattern = TakeWord(line);
    }
    if (rule.pattern.size() > kMacro.size() && rule.pattern.starts_with(kMacro)) {
      auto settings = ParseSettings(line);
      const std::string name = rule.pattern.substr(kMacro.size());
      if (top && settings && IsAttributeName(name)) {
        file.macros_[name] = *std::move(settings);
      }
      continue;
    }
    auto settings = ParseSettings(line);
    if (!settings || rule.pattern.starts_with('!') || rule.pattern.ends_with('/')) {
      continue;  // git takes no negative pattern, and one for folders matches no file
    }
    rule.settings = *std::move(settings);
    rule.any_depth = rule.pattern.find('/') == std::string::npos;
    if (rule.pattern.starts_with('/')) {
      rule.pattern.erase(0, 1);
    }
    file.rules_.push_back(std::move(rule));
  }
  return file;
}

bool GitAttributeFile::Matches(const Rule& rule, std::string_view path) const {
  if (rule.any_depth) {
    return GitPatternMatches(rule.pattern, path.substr(path.rfind('/') + 1));
  }
  return path.starts_with(folder_) && GitPatternMatches(rule.pattern, path.substr(folder_.size()));
}

GitAttributes GitAttributes::With(GitAttributeFile file) const {
  GitAttributes more = *this;
  more.files_.push_back(std::make_shared<const GitAttributeFile>(std::move(file)));
  return more;
}

// Later settings win, and what is decided already stays: call from the strongest rule on.
void GitAttributes::Apply(const std::vector<GitAttributeFile::Setting>& settings,
                          Values& values) const {
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {
    const auto& [name, value] = *setting;
    if (!values.emplace(name, value).second || value != "true") {
      continue;
    }
    // Macros stand in the outermost file.
    if (const auto macro = files_.front()->macros_.find(name);
        macro != files_.front()->macros_.end()) {
      Apply(macro->second, values);
    }
  }
}

GitCheckout GitAttributes::CheckoutOf(std::string_view path) const {
  Values values;
  for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
    const auto& rules = (*file)->rules_;
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
      if ((*file)->Matches(*rule, path)) {
        Apply(rule->settings, values);
      }
    }
  }
  const auto value = [&](std::string_view name) -> std::string_view {
    const auto found = values.find(name);
    return found == values.end() ? "!" : std::string_view(found->second);
  };
  GitCheckout checkout;
  checkout.ident = value("ident") == "true";
  if (const auto filter = value("filter"); filter.starts_with('=')) {
    checkout.refused = Concat({"filter", filter});
  }
  const auto encoding = value("working-tree-encoding");
  if (encoding.size() > 1 && !EqualsIgnoringCase(encoding, "=utf-8") &&
      !EqualsIgnoringCase(encoding, "=utf8")) {
    checkout.refused = Concat({"working-tree-encoding", encoding});
  }
  // "crlf" is the old name of "text", and counts where "text" says nothing that git understands.
  const auto understood = [](std::string_view text) {
    return text == "true" || text == "false" || text == "=auto" || text == "=input";
  };
  const auto text = understood(value("text")) ? value("text") : value("crlf");
  if (text != "false" && value("eol") == "=crlf") {
    checkout.conversion = text == "=auto" ? GitConversion::kAutoCrlf : GitConversion::kCrlf;
  }
  return checkout;
}

std::string ConvertForCheckout(std::string_view content, GitConversion conversion) {
  const Statistics seen = Gather(content);
  const bool converts =
      conversion != GitConversion::kNone && seen.lone_lf > 0 &&
      !(conversion == GitConversion::kAutoCrlf && (seen.crlf > 0 || seen.Binary()));
  if (!converts) {
    return std::string(content);
  }
  std::string converted;
  converted.reserve(content.size() + seen.lone_lf);
  char before = 0;
  for (const char byte : content) {
    if (byte == '\n' && before != '\r') {
      converted += '\r';
    }
    converted += byte;
    before = byte;
  }
  return converted;
}

}  // namespace drydock::publisher
