#include "tests/architecture/scanner.h"

#include <algorithm>
#include <cctype>

#include "core/text.h"

namespace drydock::architecture {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Copies literals and comments as blanks, everything else as it is.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) {}

  std::string Run() {
    while (at_ < text_.size()) {
      if (Starts("//")) {
        BlankUntil("\n", 0);
      } else if (Starts("/*")) {
        BlankUntil("*/", 2);
      } else if (Starts("R\"")) {
        RawString();
      } else if (text_[at_] == '"') {
        Literal('"');
      } else if (text_[at_] == '\'' && !AfterDigit()) {
        Literal('\'');
      } else {
        Keep();
      }
    }
    return out_;
  }

 private:
  bool Starts(std::string_view with) const { return text_.substr(at_, with.size()) == with; }
  // 1'000'000
  bool AfterDigit() const { return at_ > 0 && IsWord(text_[at_ - 1]); }
  void Keep() { out_.push_back(text_[at_++]); }
  void Blank() {
    out_.push_back(text_[at_] == '\n' ? '\n' : ' ');
    ++at_;
  }
  void BlankUntil(std::string_view end, std::size_t more) {
    const std::size_t found = text_.find(end, at_ + more);
    const std::size_t stop = found == std::string_view::npos ? text_.size() : found + more;
    while (at_ < stop) {
      Blank();
    }
  }
  void Literal(char quote) {
    Keep();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      const bool escaped = text_[at_] == '\\' && at_ + 1 < text_.size();
      Blank();
      if (escaped) {
        Blank();
      }
    }
    if (at_ < text_.size()) {
      Keep();
    }
  }
  void RawString() {
    Keep();
    Keep();
    const std::size_t open = std::min(text_.find('(', at_), text_.size());
    const std::string close = Concat({")", text_.substr(at_, open - at_), "\""});
    const std::size_t end = std::min(text_.find(close, open), text_.size());
    while (at_ < std::min(end + close.size() - 1, text_.size())) {
      Blank();
    }
    if (at_ < text_.size()) {
      Keep();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

// What stands before a position, blanks skipped.
std::string_view Before(std::string_view code, std::size_t position) {
  return Trim(code.substr(0, position));
}

bool OpensTable(std::string_view code, std::size_t position) {
  const std::string_view before = Before(code, position);
  if (code[position] == '{') {
    return !before.empty() && before.back() == '=';
  }
  return code[position] == '(' && (before.ends_with("Values") || before.ends_with("ValuesIn"));
}

bool HasWord(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool left = at == 0 || !IsWord(text[at - 1]);
    const bool right = at + word.size() >= text.size() || !IsWord(text[at + word.size()]);
    if (left && right) {
      return true;
    }
  }
  return false;
}

enum class Scope { kOpen, kFunction, kOther };

// What a brace opens, judged by the text since the last statement or brace.
Scope ScopeOf(std::string_view head) {
  const bool brackets = head.find('(') != std::string_view::npos;
  if (HasWord(head, "namespace") || HasWord(head, "extern")) {
    return Scope::kOpen;
  }
  if (HasWord(head, "enum")) {
    return Scope::kOther;
  }
  if (!brackets && (HasWord(head, "class") || HasWord(head, "struct") || HasWord(head, "union"))) {
    return Scope::kOpen;
  }
  return brackets && !head.ends_with('=') ? Scope::kFunction : Scope::kOther;
}

std::string NameIn(std::string_view head) {
  const std::string_view before = Trim(head.substr(0, head.find('(')));
  std::size_t start = before.size();
  while (start > 0 && (IsWord(before[start - 1]) || before[start - 1] == ':' ||
                       before[start - 1] == '~' || before[start - 1] == '=')) {
    --start;
  }
  std::string name(before.substr(start));
  if (name.starts_with("TEST") || name.starts_with("RC_")) {
    const std::size_t open = head.find('(');
    return Concat({name, head.substr(open, head.find(')') - open + 1)});
  }
  return name;
}

}  // namespace

std::string CodeOnly(std::string_view text) { return Blanker(text).Run(); }

std::size_t LineAt(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::vector<bool> CountedLines(std::string_view code) {
  std::vector<bool> counted;
  std::size_t table_depth = 0;  // brackets open inside a table; 0 outside
  std::size_t start = 0;
  for (const std::string& line : Split(code, '\n')) {
    const bool inside = table_depth > 0;
    for (std::size_t i = start; i < start + line.size(); ++i) {
      const bool opening = code[i] == '{' || code[i] == '(';
      const bool closing = code[i] == '}' || code[i] == ')';
      if (table_depth > 0) {
        table_depth += opening ? 1 : 0;
        table_depth -= closing ? 1 : 0;
      } else if (opening && OpensTable(code, i)) {
        table_depth = 1;
      }
    }
    const std::string_view trimmed = Trim(line);
    counted.push_back(!trimmed.empty() && !inside && trimmed.front() != '"');
    start += line.size() + 1;
  }
  return counted;
}

std::vector<Function> Functions(std::string_view code) {
  std::vector<Function> functions;
  const std::vector<bool> counted = CountedLines(code);
  std::vector<Scope> scopes;
  std::size_t head = 0;            // start of the text that says what a brace opens
  std::size_t function_depth = 0;  // scopes.size() at which the function closes; 0 outside
  std::size_t round = 0;           // open round brackets outside functions
  Function current;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (function_depth == 0) {
      round += c == '(' ? 1 : 0;
      round -= c == ')' && round > 0 ? 1 : 0;
    }
    if (c == '{') {
      const std::string_view before = Trim(code.substr(head, i - head));
      scopes.push_back(ScopeOf(before));
      if (function_depth == 0 && scopes.back() == Scope::kFunction && round == 0) {
        function_depth = scopes.size();
        const auto first = code.find_first_not_of(" \t\r\n", head);
        current = {NameIn(before), LineAt(code, first), 0};
      }
    } else if (c == '}' && !scopes.empty()) {
      if (function_depth == scopes.size()) {
        const auto first = counted.begin() + static_cast<std::ptrdiff_t>(current.line - 1);
        const auto last = counted.begin() + static_cast<std::ptrdiff_t>(LineAt(code, i));
        current.counted = static_cast<std::size_t>(std::count(first, last, true));
        functions.push_back(current);
        function_depth = 0;
      }
      scopes.pop_back();
    }
    const bool ends =
        c == '{' || c == '}' || (c == ';' && round == 0) ||
        (c == '\n' && code.substr(head, i - head).find('#') != std::string_view::npos);
    head = ends && function_depth == 0 ? i + 1 : head;
  }
  return functions;
}

}  // namespace drydock::architecture
