// The inputs of a hash as a list, each with its place in the stream, its size and its own digest:
// what explaining, comparing and looking for blind spots start from. Made by reading everything
// once, the way the shell recipe reads: what it leaves out is left out, and named.
// Threads: one list belongs to one thread at a time. Memory: some 300 bytes an input, and the
// content itself while it is below 256 MiB.
// Source: issue 3 section 4.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// What to hash: a working tree, a commit of a repository, or a tar archive.
struct HashSubject {
  std::string root = ".";  // a folder
  std::string git_ref;     // not "": this commit of the root's repository, not the working tree
  std::string archive;     // not "": this archive instead

  bool is_tree() const { return git_ref.empty() && archive.empty(); }
  std::string Name() const;  // for people: "the working tree", "v1.15.12", "layer.tar"
};

struct ListedInput {
  Input input;
  std::string path;          // relative to the root; of a line, its text
  std::size_t part = 0;      // which of the recipe's inputs it belongs to
  std::uint64_t offset = 0;  // of its first byte in the stream
  std::uint64_t size = 0;
  std::array<unsigned char, 32> digest{};  // SHA-256 of its own bytes

  bool is_line() const { return input.kind == Input::Kind::kLine; }
};

using ByteReceiver = std::function<void(std::string_view)>;

class InputList {
 public:
  // Errors as HashTree, HashGitRef and HashTar with `compat`. `folder_in_commit` is where the
  // project lies in its repository, "" for its top.
  static Result<InputList> Make(const HashSubject& subject, const Recipe& recipe,
                                const std::string& folder_in_commit = "");

  const Recipe& recipe() const { return *recipe_; }
  const std::vector<ListedInput>& inputs() const { return inputs_; }
  std::uint64_t bytes() const { return bytes_; }
  // What the recipe leaves out, and why.
  const std::vector<std::string>& skipped() const { return skipped_; }

  // The bytes of one input, from memory when they are held, else read anew.
  Status Feed(std::size_t index, const ByteReceiver& to) const;
  // The bytes from one input to the end of the stream.
  Status FeedFrom(std::size_t index, const ByteReceiver& to) const;
  // Read anew in any case. kConflict: not what it was when the list was made.
  Status ReadAgain(std::size_t index, const ByteReceiver& to) const;
  Result<std::string> Content(std::size_t index) const;

 private:
  InputList() = default;
  Status ReadAll(const std::string& folder_in_commit);
  Status ReadOne(Input input, const std::string& folder_in_commit);

  std::unique_ptr<const Recipe> recipe_;
  std::shared_ptr<const Folder> root_;  // of a working tree
  std::unique_ptr<InputSource> source_;
  std::vector<ListedInput> inputs_;
  std::vector<std::string> skipped_;
  std::uint64_t bytes_ = 0;
  bool held_ = true;
  std::string content_;  // the whole stream, while `held_`
};

}  // namespace drydock::publisher
