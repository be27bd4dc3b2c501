#include "scenarios/authoring/format.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

constexpr std::size_t kIndent = 2;

struct Comment {
  std::string text;
  bool blank_before = false;  // an empty line stood before it
};

struct Item;

struct Node {
  enum class Kind { kScalar, kObject, kArray };
  Kind kind = Kind::kScalar;
  std::string scalar;  // as written
  std::vector<Item> items;
  std::vector<Comment> at_end;  // before the closing bracket
  bool broken = false;          // what it holds was begun on a line of its own
};

struct Item {
  std::vector<Comment> above;
  bool blank_before = false;
  std::string key;  // as written, with its quotes; "" in an array
  Node node;
  std::vector<std::string> beside;  // comments on the line where it ends
};

// Takes apart a text that core/json has read already, so that what it meets is what it expects.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The value with the comments above it; those behind it go to `after`.
  Item Document(std::vector<Comment>& after) {
    Item item;
    Gather(item.above);
    item.blank_before = blank_;
    item.node = ReadNode();
    Gather(after);
    return item;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  bool Sees(std::string_view piece) const { return text_.substr(at_).starts_with(piece); }

  // Skips white space and notes what it crossed.
  void SkipBlanks() {
    std::size_t lines = 0;
    while (!done() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      lines += text_[at_++] == '\n' ? 1 : 0;
    }
    crossed_line_ = lines > 0;
    blank_ = lines > 1;
  }

  bool AtComment() const { return Sees("//") || Sees("/*"); }

  std::string TakeComment() {
    const bool line = Sees("//");
    std::size_t end = line ? text_.find_first_of("\r\n", at_) : text_.find("*/", at_ + 2);
    end = end == std::string_view::npos ? text_.size() : end + (line ? 0 : 2);
    std::string_view comment = text_.substr(at_, end - at_);
    at_ = end;
    while (comment.ends_with('\r') || comment.ends_with(' ') || comment.ends_with('\t')) {
      comment.remove_suffix(1);
    }
    return std::string(comment);
  }

  // Every comment from here on to the next piece of JSON. Afterwards blank_ says whether an empty
  // line precedes that, crossed_line_ whether any line end was met.
  void Gather(std::vector<Comment>& into) {
    bool crossed = false;
    for (SkipBlanks(); AtComment(); SkipBlanks()) {
      crossed = crossed || crossed_line_;
      const bool blank = blank_;
      into.push_back({TakeComment(), blank});
    }
    crossed_line_ = crossed || crossed_line_;
  }

  // Comments that stand on this line; stops before the line's end.
  void GatherBeside(std::vector<std::string>& into) {
    while (true) {
      const std::size_t before = at_;
      SkipBlanks();
      if (crossed_line_ || !AtComment()) {
        at_ = before;
        return;
      }
      into.push_back(TakeComment());
    }
  }

  std::string TakeString() {
    const std::size_t begin = at_++;
    while (!done() && text_[at_] != '"') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_ + 1, text_.size());
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string TakeScalar() {
    if (Sees("\"")) {
      return TakeString();
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,]}/", at_), text_.size());
    std::string scalar(text_.substr(at_, end - at_));
    at_ = end;
    return scalar;
  }

  Node ReadNode() {
    Node node;
    if (!Sees("{") && !Sees("[")) {
      node.scalar = TakeScalar();
      return node;
    }
    node.kind = Sees("{") ? Node::Kind::kObject : Node::Kind::kArray;
    const char close = Sees("{") ? '}' : ']';
    ++at_;
    std::vector<Comment> above;
    Gather(above);
    node.broken = crossed_line_;
    while (!done() && text_[at_] != close) {
      Item item;
      item.above = std::move(above);
      item.blank_before = blank_;
      ReadItem(node.kind, item);
      node.items.push_back(std::move(item));
      above.clear();
      Gather(above);
    }
    node.at_end = std::move(above);
    ++at_;
    return node;
  }

  // A member or element with the comma behind it.
  void ReadItem(Node::Kind kind, Item& item) {
    if (kind == Node::Kind::kObject) {
      item.key = TakeString();
      Gather(item.above);
      ++at_;  // the colon
      Gather(item.above);
    }
    item.node = ReadNode();
    GatherBeside(item.beside);
    const std::size_t before = at_;
    std::vector<Comment> late;  // between the value and a comma on a later line
    Gather(late);
    if (done() || text_[at_] != ',') {
      at_ = before;
      return;
    }
    ++at_;
    for (Comment& comment : late) {
      item.above.push_back(std::move(comment));
    }
    if (item.beside.empty() || !item.beside.back().starts_with("//")) {
      GatherBeside(item.beside);
      return;
    }
    std::vector<std::string> more;  // a comment to the line's end takes nothing beside it
    GatherBeside(more);
    for (std::string& comment : more) {
      item.above.push_back({std::move(comment), false});
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool crossed_line_ = false;
  bool blank_ = false;
};

std::size_t Columns(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    columns += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
  }
  return columns;
}

class Layout {
 public:
  std::string Document(Item item, const std::vector<Comment>& after) {
    Comments(item.above, 0);
    if (item.blank_before && !item.above.empty()) {
      text_ += "\n";
    }
    item.node.broken = true;
    Write(item.node, 0, 0);
    text_ += "\n";
    Comments(after, 0);
    return std::move(text_);
  }

 private:
  static bool MayBeFlat(const Node& node) {
    if (node.broken || !node.at_end.empty()) {
      return false;
    }
    for (const Item& item : node.items) {
      if (!item.above.empty() || !item.beside.empty() || !MayBeFlat(item.node)) {
        return false;
      }
    }
    return true;
  }

  static std::string Flat(const Node& node) {
    if (node.kind == Node::Kind::kScalar) {
      return node.scalar;
    }
    std::vector<std::string> pieces;
    for (const Item& item : node.items) {
      const std::string value = Flat(item.node);
      pieces.push_back(item.key.empty() ? value : Concat({item.key, ": ", value}));
    }
    const std::string inside = Join(pieces, ", ");
    if (node.kind == Node::Kind::kArray) {
      return Concat({"[", inside, "]"});
    }
    return inside.empty() ? "{}" : Concat({"{ ", inside, " }"});
  }

  void Comments(const std::vector<Comment>& comments, std::size_t indent) {
    for (const Comment& comment : comments) {
      if (comment.blank_before && !text_.empty() && !text_.ends_with("\n\n") &&
          !text_.ends_with("{\n") && !text_.ends_with("[\n")) {
        text_ += "\n";
      }
      text_ += Concat({std::string(indent, ' '), comment.text, "\n"});
    }
  }

  // `used`: columns of the line that are taken already, with what must follow the value.
  void Write(const Node& node, std::size_t indent, std::size_t used) {
    const bool empty = node.items.empty() && node.at_end.empty();
    if (node.kind == Node::Kind::kScalar || empty) {
      text_ += Flat(node);
      return;
    }
    if (MayBeFlat(node)) {
      const std::string flat = Flat(node);
      if (used + Columns(flat) <= kFormatColumns) {
        text_ += flat;
        return;
      }
    }
    const bool object = node.kind == Node::Kind::kObject;
    text_ += object ? "{\n" : "[\n";
    for (std::size_t index = 0; index < node.items.size(); ++index) {
      WriteItem(node.items[index], indent + kIndent, index + 1 == node.items.size());
    }
    Comments(node.at_end, indent + kIndent);
    text_ += Concat({std::string(indent, ' '), object ? "}" : "]"});
  }

  void WriteItem(const Item& item, std::size_t indent, bool last) {
    Comments(item.above, indent);
    if (item.blank_before && !text_.ends_with("{\n") && !text_.ends_with("[\n")) {
      text_ += "\n";
    }
    const std::string head =
        Concat({std::string(indent, ' '), item.key, item.key.empty() ? "" : ": "});
    text_ += head;
    Write(item.node, indent, Columns(head) + (last ? 0 : 1));
    text_ += last ? "" : ",";
    for (const std::string& comment : item.beside) {
      text_ += Concat({"  ", comment});
    }
    text_ += "\n";
  }

  std::string text_;
};

}  // namespace

Result<std::string> FormatJson(std::string_view text, std::string_view source) {
  const auto parsed = json::Parse(text, source, {.comments = true});
  if (!parsed) {
    return parsed.error();
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  std::vector<Comment> after;
  Item document = Scanner(text).Document(after);
  return Layout().Document(std::move(document), after);
}

}  // namespace drydock::scenarios
