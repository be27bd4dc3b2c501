#include "simulator/buildkit/file_tree.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

namespace fs = std::filesystem;

std::string Normalised(std::string_view path) {
  std::string normal = fs::path(path).lexically_normal().generic_string();
  while (!normal.empty() && normal.front() == '/') {
    normal.erase(normal.begin());
  }
  while (!normal.empty() && normal.back() == '/') {
    normal.pop_back();
  }
  return normal == "." ? "" : normal;
}

Error NotFound(std::string_view path) {
  return {ErrorCode::kNotFound,
          Concat({"failed to calculate checksum of ref: \"/", Normalised(path), "\": not found"})};
}

Result<FileNode> ReadNode(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::symlink_status(path, failure);
  FileNode node;
  if (fs::is_symlink(status)) {
    node.kind = FileNode::Kind::kSymlink;
    node.content =
        std::make_shared<const std::string>(fs::read_symlink(path, failure).generic_string());
    return node;
  }
  if (fs::is_directory(status)) {
    node.kind = FileNode::Kind::kDirectory;
    return node;
  }
  std::ifstream file(path, std::ios::binary);
  if (!fs::is_regular_file(status) || !file) {
    return NotFound(path.generic_string());
  }
  node.executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  node.content = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file),
                                                     std::istreambuf_iterator<char>());
  return node;
}

}  // namespace

Result<FileTree> ReadContext(const std::string& root, std::string_view path) {
  const std::string relative = Normalised(path);
  const fs::path start = fs::path(root) / relative;
  std::error_code failure;
  if (relative.substr(0, 2) == ".." || !fs::exists(fs::symlink_status(start, failure))) {
    return NotFound(relative);
  }
  std::vector<fs::path> paths = {start};
  if (fs::is_directory(fs::symlink_status(start, failure))) {
    paths.clear();
    for (fs::recursive_directory_iterator at(start, failure), end; !failure && at != end;
         at.increment(failure)) {
      paths.push_back(at->path());
    }
  }
  FileTree tree;
  for (const fs::path& found : paths) {
    Result<FileNode> node = ReadNode(found);
    if (!node) {
      return node.error();
    }
    tree.emplace(found.lexically_relative(root).generic_string(), std::move(*node));
  }
  if (relative.empty() || tree.find(relative) == tree.end()) {
    tree.emplace(relative, FileNode{FileNode::Kind::kDirectory, false, nullptr});
  }
  return tree;
}

Result<FileTree> Subtree(const FileTree& tree, std::string_view path) {
  const std::string start = Normalised(path);
  FileTree part;
  for (const auto& [name, node] : tree) {
    const bool below = start.empty() || name == start ||
                       (name.size() > start.size() && name.substr(0, start.size()) == start &&
                        name[start.size()] == '/');
    if (below) {
      part.emplace(name, node);
    }
  }
  if (part.empty()) {
    return NotFound(path);
  }
  if (part.find(start) == part.end()) {
    part.emplace(start, FileNode{FileNode::Kind::kDirectory, false, nullptr});
  }
  return part;
}

FileTree Relocate(const FileTree& from, std::string_view source, std::string_view destination) {
  const std::string start = Normalised(source);
  const std::string target = Normalised(destination);
  const auto root = from.find(start);
  const bool folder = root != from.end() && root->second.kind == FileNode::Kind::kDirectory;
  FileTree moved;
  if (!folder) {
    const bool into = destination.empty() || destination.back() == '/' || destination == ".";
    const std::string name = start.substr(start.rfind('/') + 1);
    for (const auto& [path, node] : from) {
      moved.emplace(into ? Concat({target, target.empty() ? "" : "/", name}) : target, node);
    }
    return moved;
  }
  for (const auto& [path, node] : from) {
    const std::string rest = path == start ? "" : path.substr(start.empty() ? 0 : start.size() + 1);
    const bool both = !target.empty() && !rest.empty();
    std::string place = Concat({target, both ? "/" : "", rest});
    if (!place.empty()) {
      moved.emplace(std::move(place), node);
    }
  }
  return moved;
}

Digest ContentDigest(const FileTree& tree) {
  Hasher hasher;
  for (const auto& [path, node] : tree) {
    const std::string size = std::to_string(node.content == nullptr ? 0 : node.content->size());
    hasher.Update(
        Concat({path, std::string_view("\0", 1), std::to_string(static_cast<int>(node.kind)),
                node.executable ? "x" : "-", size, std::string_view("\0", 1)}));
    if (node.content != nullptr) {
      hasher.Update(*node.content);
    }
  }
  return hasher.Finish();
}

}  // namespace drydock::simulator::buildkit
