#include "publisher/hash/hash_diff.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/text.h"
#include "publisher/hash/git_project.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kLineShown = 80;

Result<InputList> ListOf(const HashSubject& subject, const Recipe& recipe) {
  std::string folder;
  if (!subject.git_ref.empty()) {
    auto project = GitProject::Open(subject.root);
    if (!project) {
      return std::move(project).error();
    }
    folder = project->folder();
  }
  auto list = InputList::Make(subject, recipe, folder);
  return list ? std::move(list) : list.error().At(subject.Name());
}

// Also the digest of the whole.
Result<HashDiff::Side> SideOf(const HashSubject& subject, const InputList& list) {
  HashDiff::Side side;
  side.name = subject.Name();
  side.inputs = list.inputs().size();
  side.bytes = list.bytes();
  side.skipped = list.skipped();
  Hasher hasher;
  Status fed = list.FeedFrom(0, [&](std::string_view bytes) { hasher.Update(bytes); });
  if (!fed) {
    return std::move(fed).error();
  }
  side.digest = hasher.Finish();
  return side;
}

std::string Escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string escaped;
  for (const char letter : text.substr(0, kLineShown)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n') {
      escaped += "\\n";
    } else if (letter == '\r') {
      escaped += "\\r";
    } else if (letter == '\t') {
      escaped += "\\t";
    } else if (byte < 0x20 || byte >= 0x7F) {
      escaped += Concat({"\\x", std::string(1, kHex[byte >> 4]), std::string(1, kHex[byte & 15])});
    } else {
      escaped += letter;
    }
  }
  return text.size() > kLineShown ? escaped + "…" : escaped;
}

// The input that holds the byte at `offset` of the stream; the count of inputs when none does.
std::size_t InputAt(const InputList& list, std::uint64_t offset) {
  const auto& inputs = list.inputs();
  const auto behind = std::find_if(inputs.begin(), inputs.end(), [&](const ListedInput& input) {
    return input.offset + input.size > offset;
  });
  return static_cast<std::size_t>(behind - inputs.begin());
}

Result<StreamPlace> PlaceAt(const InputList& list, std::uint64_t offset) {
  StreamPlace place;
  const std::size_t index = InputAt(list, offset);
  if (index == list.inputs().size()) {
    return place;
  }
  const ListedInput& input = list.inputs()[index];
  place.path = input.is_line() ? "a literal line" : input.path;
  place.offset = offset - input.offset;
  place.line = 1;
  std::uint64_t read = 0;
  std::string line;  // the one that holds the byte
  bool ended = false;
  const Status fed = list.Feed(index, [&](std::string_view bytes) {
    for (const char letter : bytes) {
      if (ended) {
        return;
      }
      if (line.size() <= kLineShown) {
        line += letter;
      }
      const bool past = read++ >= place.offset;
      if (letter == '\n') {
        ended = past;
        place.line += past ? 0 : 1;
        line = past ? std::move(line) : std::string();
      }
    }
  });
  if (!fed) {
    return fed.error();
  }
  place.text = Escaped(line);
  return place;
}

// The first byte in which two contents differ, or where the shorter one ends.
std::uint64_t FirstDifference(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  return static_cast<std::uint64_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(most), b.begin()).first -
      a.begin());
}

// The bytes of a stream from one place on, asked for piece by piece, input by input.
class StreamReader {
 public:
  StreamReader(const InputList& list, std::size_t index) : list_(list), next_(index) {}

  // What is left of the input in hand; "" at the end of the stream.
  Result<std::string_view> Rest() {
    while (taken_ == held_.size() && next_ < list_.inputs().size()) {
      auto content = list_.Content(next_++);
      if (!content) {
        return std::move(content).error();
      }
      held_ = *std::move(content);
      taken_ = 0;
    }
    return std::string_view(held_).substr(taken_);
  }
  void Take(std::size_t count) { taken_ += count; }

 private:
  const InputList& list_;
  std::size_t next_;
  std::string held_;
  std::size_t taken_ = 0;
};

// Where the streams part; nullopt when they never do.
Result<std::optional<std::uint64_t>> Parting(const InputList& a, const InputList& b) {
  // Inputs that are the same, place by place, need no look at their bytes.
  std::size_t same = 0;
  const std::size_t most = std::min(a.inputs().size(), b.inputs().size());
  while (same < most && a.inputs()[same].digest == b.inputs()[same].digest &&
         a.inputs()[same].size == b.inputs()[same].size) {
    ++same;
  }
  std::uint64_t offset = same < a.inputs().size() ? a.inputs()[same].offset : a.bytes();
  StreamReader reader_a(a, same);
  StreamReader reader_b(b, same);
  for (;;) {
    auto rest_a = reader_a.Rest();
    auto rest_b = reader_b.Rest();
    if (!rest_a || !rest_b) {
      return rest_a ? std::move(rest_b).error() : std::move(rest_a).error();
    }
    if (rest_a->empty() && rest_b->empty()) {
      return std::optional<std::uint64_t>();
    }
    const std::uint64_t equal = FirstDifference(*rest_a, *rest_b);
    offset += equal;
    if (equal < rest_a->size() && equal < rest_b->size()) {
      return std::optional(offset);
    }
    if (rest_a->empty() || rest_b->empty()) {
      return std::optional(offset);  // one stream ends here
    }
    reader_a.Take(equal);
    reader_b.Take(equal);
  }
}

std::vector<HashDiff::Change> ChangesBetween(const InputList& a, const InputList& b) {
  using Kind = HashDiff::Change::Kind;
  std::map<std::string, const ListedInput*> in_a;
  std::map<std::string, HashDiff::Change> changes;
  for (const ListedInput& input : a.inputs()) {
    in_a[input.path] = &input;
    changes[input.path] = {Kind::kOnlyInA, input.path};
  }
  for (const ListedInput& input : b.inputs()) {
    const auto found = in_a.find(input.path);
    if (found == in_a.end()) {
      changes[input.path] = {Kind::kOnlyInB, input.path};
    } else if (found->second->digest == input.digest) {
      changes.erase(input.path);
    } else {
      changes[input.path].kind = Kind::kDiffers;
    }
  }
  std::vector<HashDiff::Change> listed;
  listed.reserve(changes.size());
  for (auto& [path, change] : changes) {
    listed.push_back(std::move(change));
  }
  return listed;
}

}  // namespace

Result<HashDiff> DiffHashes(const HashSubject& a, const HashSubject& b, const Recipe& recipe) {
  auto list_a = ListOf(a, recipe);
  auto list_b = list_a ? ListOf(b, recipe) : Result<InputList>(list_a.error());
  if (!list_b) {
    return std::move(list_b).error();
  }
  auto side_a = SideOf(a, *list_a);
  auto side_b = side_a ? SideOf(b, *list_b) : Result<HashDiff::Side>(side_a.error());
  if (!side_b) {
    return std::move(side_b).error();
  }
  HashDiff diff;
  diff.a = *std::move(side_a);
  diff.b = *std::move(side_b);
  diff.changes = ChangesBetween(*list_a, *list_b);
  if (diff.a.digest == diff.b.digest) {
    return diff;
  }
  auto offset = Parting(*list_a, *list_b);
  if (!offset) {
    return std::move(offset).error();
  }
  if (!*offset) {
    return Error(ErrorCode::kConflict, "hash: an input changed while it was compared; run again");
  }
  HashDiff::Divergence first;
  first.offset = **offset;
  auto in_a = PlaceAt(*list_a, first.offset);
  auto in_b = in_a ? PlaceAt(*list_b, first.offset) : Result<StreamPlace>(in_a.error());
  if (!in_b) {
    return std::move(in_b).error();
  }
  first.in_a = *std::move(in_a);
  first.in_b = *std::move(in_b);
  diff.first = std::move(first);
  return diff;
}

}  // namespace drydock::publisher
