#include "publisher/hash/input_list.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/text.h"
#include "publisher/hash/git_source.h"
#include "publisher/hash/sha256_state.h"
#include "publisher/hash/tar_source.h"
#include "publisher/hash/tree_source.h"

namespace drydock::publisher {
namespace {

constexpr std::uint64_t kHeldMost = std::uint64_t{256} << 20;

class ReceivingSink : public ByteSink {
 public:
  explicit ReceivingSink(const ByteReceiver& to) : to_(to), bytes_(64 << 10, '\0') {}

  Result<std::span<char>> Room() override { return std::span<char>(bytes_); }
  void Filled(std::size_t count) override { to_(std::string_view(bytes_).substr(0, count)); }

 private:
  const ByteReceiver& to_;
  std::string bytes_;
};

Result<std::unique_ptr<InputSource>> OpenSubject(const HashSubject& subject, const Recipe& recipe,
                                                 std::shared_ptr<const Folder>& root) {
  if (!subject.archive.empty()) {
    return OpenTarSource(subject.archive, recipe, true);
  }
  if (!subject.git_ref.empty()) {
    return OpenGitSource(subject.root, subject.git_ref, recipe, true);
  }
  auto opened = OpenRoot(subject.root);
  if (!opened) {
    return std::move(opened).error();
  }
  root = *std::move(opened);
  return std::unique_ptr<InputSource>(std::make_unique<TreeSource>(root, recipe, true));
}

std::string PathOf(const Input& input, const std::string& folder_in_commit) {
  switch (input.kind) {
    case Input::Kind::kLine:
      return input.text.substr(0, input.text.size() - 1);
    case Input::Kind::kObject:
      return !folder_in_commit.empty() && input.path.starts_with(folder_in_commit + "/")
                 ? input.path.substr(folder_in_commit.size() + 1)
                 : input.path;
    default:
      return input.file.path();
  }
}

bool ComesFrom(const RecipeInput& part, const ListedInput& listed) {
  if (const auto* file = std::get_if<FileInput>(&part)) {
    return !listed.is_line() && file->path == listed.path;
  }
  if (const auto* tree = std::get_if<TreeInput>(&part)) {
    return !listed.is_line() && (tree->path == "." || listed.path.starts_with(tree->path + "/") ||
                                 listed.path == tree->path);
  }
  return listed.is_line();
}

}  // namespace

std::string HashSubject::Name() const {
  if (!archive.empty()) {
    return archive;
  }
  return git_ref.empty() ? root == "." ? "the working tree" : root : git_ref;
}

Result<InputList> InputList::Make(const HashSubject& subject, const Recipe& recipe,
                                  const std::string& folder_in_commit) {
  InputList list;
  list.recipe_ = std::make_unique<const Recipe>(recipe);
  auto source = OpenSubject(subject, *list.recipe_, list.root_);
  if (!source) {
    return std::move(source).error();
  }
  list.source_ = *std::move(source);
  if (Status read = list.ReadAll(folder_in_commit); !read) {
    return std::move(read).error();
  }
  return list;
}

Status InputList::ReadAll(const std::string& folder_in_commit) {
  for (;;) {
    Input input;
    auto more = source_->Next(input);
    if (!more) {
      return std::move(more).error();
    }
    for (std::string& what : source_->TakeSkipped()) {
      skipped_.push_back(std::move(what));
    }
    if (!*more) {
      return Ok();
    }
    if (Status read = ReadOne(std::move(input), folder_in_commit); !read) {
      return read;
    }
  }
}

Status InputList::ReadOne(Input input, const std::string& folder_in_commit) {
  ListedInput listed;
  listed.input = std::move(input);
  listed.path = PathOf(listed.input, folder_in_commit);
  listed.offset = bytes_;
  listed.part = inputs_.empty() ? 0 : inputs_.back().part + (listed.is_line() ? 1 : 0);
  while (listed.part + 1 < recipe_->inputs.size() &&
         !ComesFrom(recipe_->inputs[listed.part], listed)) {
    ++listed.part;
  }
  Sha256 own;
  const ByteReceiver take = [&](std::string_view bytes) {
    own.Update(bytes);
    listed.size += bytes.size();
    held_ = held_ && listed.offset + listed.size <= kHeldMost;
    if (held_) {
      content_ += bytes;
    } else {
      content_ = std::string();
    }
  };
  ReceivingSink sink(take);
  auto stamp = source_->Read(listed.input, sink, skipped_);
  if (!stamp) {
    return std::move(stamp).error();
  }
  if (stamp->has_value()) {
    if (listed.input.kind == Input::Kind::kTreeFile) {  // holds no folder open
      listed.input.file = WalkedFile{root_, listed.path};
    }
    listed.digest = own.Raw();
    bytes_ += listed.size;
    inputs_.push_back(std::move(listed));
  }
  return Ok();
}

Status InputList::Feed(std::size_t index, const ByteReceiver& to) const {
  if (!held_) {
    return ReadAgain(index, to);
  }
  to(std::string_view(content_).substr(inputs_[index].offset, inputs_[index].size));
  return Ok();
}

Status InputList::FeedFrom(std::size_t index, const ByteReceiver& to) const {
  if (held_) {
    const std::uint64_t from = index < inputs_.size() ? inputs_[index].offset : bytes_;
    to(std::string_view(content_).substr(from));
    return Ok();
  }
  for (; index < inputs_.size(); ++index) {
    if (Status fed = ReadAgain(index, to); !fed) {
      return fed;
    }
  }
  return Ok();
}

Status InputList::ReadAgain(std::size_t index, const ByteReceiver& to) const {
  const ListedInput& listed = inputs_[index];
  std::vector<std::string> skipped;
  std::uint64_t size = 0;
  const ByteReceiver counted = [&](std::string_view bytes) {
    size += bytes.size();
    to(bytes);
  };
  ReceivingSink sink(counted);
  auto stamp = source_->Read(listed.input, sink, skipped);
  if (!stamp) {
    return std::move(stamp).error();
  }
  if (!stamp->has_value() || size != listed.size) {
    return Error(ErrorCode::kConflict,
                 Concat({"hash: changed while it was looked at: ", listed.path}));
  }
  return Ok();
}

Result<std::string> InputList::Content(std::size_t index) const {
  std::string content;
  Status fed = Feed(index, [&](std::string_view bytes) { content += bytes; });
  if (!fed) {
    return std::move(fed).error();
  }
  return content;
}

}  // namespace drydock::publisher
