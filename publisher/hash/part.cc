#include "publisher/hash/part.h"

#include <algorithm>
#include <utility>

namespace drydock::publisher {
namespace {

// What makes `input` with this stamp the same input in another run.
void AppendIdentity(const Input& input, const FileStamp& stamp, std::string& into) {
  switch (input.kind) {
    case Input::Kind::kLine:
      into += 'L';
      into += input.text;
      break;
    case Input::Kind::kObject:
      into += 'O';
      into += input.path;
      into += '\0';
      into += input.text;
      break;
    case Input::Kind::kFile:
    case Input::Kind::kTreeFile:
      into += input.kind == Input::Kind::kFile ? 'F' : 'T';
      into += input.file.folder->path;
      into += '/';
      into += input.file.name;
      break;
  }
  into += '\0';
  into.append(reinterpret_cast<const char*>(&stamp), sizeof stamp);
}

}  // namespace

void PartBuilder::Add(const Input& input, const FileStamp& stamp) {
  ++part_.inputs;
  part_.lines += input.kind == Input::Kind::kLine ? 1 : 0;
  part_.bytes += stamp.size;
  part_.newest_ns = std::max({part_.newest_ns, stamp.modified_ns, stamp.changed_ns});
  AppendIdentity(input, stamp, identity_);
}

Part PartBuilder::Seal() {
  Sha256 hash;
  hash.Update(identity_);
  part_.identity = hash.Raw();
  identity_.clear();
  return std::exchange(part_, Part());
}

}  // namespace drydock::publisher
