#include "publisher/hash/tree_generator.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/rng.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::array<std::pair<TreeShape, std::string_view>, 5> kShapes = {{
    {TreeShape::kRootfs, "rootfs"},
    {TreeShape::kNodeModules, "node_modules"},
    {TreeShape::kFlat, "flat"},
    {TreeShape::kDeep, "deep"},
    {TreeShape::kBig, "big"},
}};

constexpr std::array<std::string_view, 64> kWords = {
    "if",     "then",   "else",    "fi",      "for",    "do",     "done",   "while",
    "return", "export", "local",   "echo",    "printf", "path",   "home",   "user",
    "config", "value",  "string",  "number",  "object", "list",   "index",  "length",
    "file",   "folder", "read",    "write",   "open",   "close",  "name",   "type",
    "true",   "false",  "null",    "import",  "from",   "const",  "let",    "function",
    "class",  "static", "public",  "private", "error",  "result", "status", "message",
    "begin",  "end",    "version", "license", "main",   "test",   "build",  "install",
    "(",      ")",      "{",       "}",       "=",      "==",     "&&",     "\n"};

constexpr std::array<std::string_view, 8> kTop = {"usr/lib",   "etc", "usr/share", "opt",
                                                  "usr/local", "srv", "var/lib",   "home/user"};
constexpr std::array<std::string_view, 6> kEndings = {".so", ".py", ".sh", ".conf", ".js", ""};

std::string Hex(std::uint64_t value, std::size_t digits) {
  std::string text;
  for (std::size_t at = digits; at-- > 0;) {
    text += "0123456789abcdef"[(value >> (4 * at)) & 0xF];
  }
  return text;
}

// A folder for every 48 files or so, in several depths, so that folders hold files and folders.
std::string RootfsPath(std::uint64_t file) {
  std::uint64_t folder = file / 48;
  std::string path = std::string(kTop[folder % kTop.size()]);
  for (folder /= kTop.size(); folder > 0; folder /= 12) {
    path += Concat({"/", kWords[20 + folder % 12], Hex(folder % 12, 1)});
  }
  return Concat(
      {path, "/", kWords[file * 7 % 56], "-", Hex(file, 6), kEndings[file % kEndings.size()]});
}

std::string NodeModulesPath(std::uint64_t file) {
  const std::uint64_t package = file / 12;
  std::string path = "usr/lib/node_modules/";
  if (package % 5 == 4) {  // a dependency of its own, inside the package before it
    path += Concat({"package-", Hex(package - 1, 5), "/node_modules/"});
  }
  path += Concat({"package-", Hex(package, 5), "/"});
  switch (file % 12) {
    case 0:
      return path + "package.json";
    case 1:
      return path + "README.md";
    case 2:
      return path + "LICENSE";
    default:
      return Concat({path, file % 2 == 0 ? "dist/" : "dist/lib/", kWords[file % 56], "-",
                     Hex(file, 6), file % 3 == 0 ? ".d.ts" : ".js"});
  }
}

std::string DeepPath(std::uint64_t file, std::uint64_t files) {
  const std::uint64_t depth = file % std::clamp<std::uint64_t>(files / 4, 1, 300);
  std::string path;
  for (std::uint64_t level = 0; level < depth; ++level) {
    path += Concat({"level-", Hex(level, 3), "/"});
  }
  return Concat({path, "file-", Hex(file, 6)});
}

std::string PathOf(std::uint64_t file, const TreeSpec& spec) {
  switch (spec.shape) {
    case TreeShape::kRootfs:
      return RootfsPath(file);
    case TreeShape::kNodeModules:
      return NodeModulesPath(file);
    case TreeShape::kDeep:
      return DeepPath(file, spec.files);
    case TreeShape::kFlat:
    case TreeShape::kBig:
      break;
  }
  return Concat({"file-", Hex(file, 8)});
}

// Sizes that sum up exactly: each file's share is the difference of two running totals.
class Sizes {
 public:
  explicit Sizes(const TreeSpec& spec) : spec_(spec), rng_(Draws()) {
    Rng rng = Draws();
    for (std::uint64_t file = 0; file < spec_.files; ++file) {
      weights_ += Weight(file, rng);
    }
  }

  std::uint64_t Next() {
    const std::uint64_t before = Share(passed_);
    passed_ += Weight(file_++, rng_);
    return Share(passed_) - before;
  }

 private:
  Rng Draws() const { return Rng(spec_.seed).Fork("sizes"); }

  // Two thirds small, a third middling, one in 64 large: an image's root file system.
  std::uint64_t Weight(std::uint64_t file, Rng& rng) const {
    if (spec_.shape == TreeShape::kBig) {
      return file == 0 ? std::max<std::uint64_t>(spec_.bytes, 1) : 64;
    }
    const std::uint64_t draw = rng.Below(64);
    return draw == 0 ? 256 + rng.Below(1024) : draw < 22 ? 16 + rng.Below(48) : rng.Below(16) + 1;
  }

  std::uint64_t Share(std::uint64_t weight) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(Wide{spec_.bytes} * weight / weights_);
  }

  TreeSpec spec_;
  Rng rng_;
  std::uint64_t weights_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t file_ = 0;
};

// Two files of three are text of words, the third is noise: both in blocks of at least 4 KiB.
void AppendBlock(Rng& rng, bool text, std::string& into) {
  for (int draw = 0; draw < 512; ++draw) {
    std::uint64_t bits = rng.Next();
    for (int piece = 0; piece < 8; ++piece, bits >>= 8) {
      if (text) {
        into += kWords[bits & 63];
        into += (bits & 64) != 0 ? ' ' : '\t';
      } else {
        into += static_cast<char>(bits & 0xFF);
      }
    }
  }
}

Error WriteError(const std::string& path) {
  return Error(ErrorCode::kUnavailable,
               Concat({"tree: cannot write: ", path, " (", std::strerror(errno), ")"}));
}

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      return WriteError(path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok();
}

Status WriteNoise(const std::string& path, std::uint64_t size, bool text, Rng rng) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) {
    return WriteError(path);
  }
  Status status = Ok();
  std::string block;
  while (size > 0 && status.ok()) {
    block.clear();
    while (block.size() < std::min<std::uint64_t>(size, 1 << 18)) {
      AppendBlock(rng, text, block);
    }
    block.resize(std::min<std::uint64_t>(size, block.size()));
    size -= block.size();
    status = WriteAll(file, block, path);
  }
  if (::close(file) != 0 && status.ok()) {
    status = WriteError(path);
  }
  return status;
}

Status MakeFolders(const std::string& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) {
    return Error(ErrorCode::kUnavailable,
                 Concat({"tree: cannot make folder: ", path, " (", failure.message(), ")"}));
  }
  return Ok();
}

Status PrepareRoot(const std::string& root) {
  if (Status made = MakeFolders(root); !made) {
    return made;
  }
  std::error_code failure;
  if (!std::filesystem::is_empty(root, failure) || failure) {
    return Error(ErrorCode::kConflict, Concat({"tree: not an empty folder: ", root}));
  }
  return MakeFolders(root + "/rootfs");
}

}  // namespace

std::string_view Name(TreeShape shape) {
  return std::find_if(kShapes.begin(), kShapes.end(),
                      [&](const auto& row) { return row.first == shape; })
      ->second;
}

std::vector<std::string> TreeShapeNames() {
  std::vector<std::string> names;
  names.reserve(kShapes.size());
  for (const auto& row : kShapes) {
    names.emplace_back(row.second);
  }
  return names;
}

Result<TreeShape> ParseTreeShape(std::string_view text) {
  for (const auto& [shape, name] : kShapes) {
    if (name == text) {
      return shape;
    }
  }
  return Error(ErrorCode::kInvalid, Concat({"tree: unknown shape: ", text, " (expected one of ",
                                            Join(TreeShapeNames(), ", "), ")"}));
}

Status GenerateTree(const std::string& root, const TreeSpec& spec) {
  if (Status prepared = PrepareRoot(root); !prepared) {
    return prepared;
  }
  const Rng rng = Rng(spec.seed).Fork("content");
  for (const char* name : {"Dockerfile.base", "entrypoint.sh", "entrypoint-user.sh"}) {
    if (Status written = WriteNoise(Concat({root, "/", name}), 2000, true, rng.Fork(name));
        !written) {
      return written;
    }
  }
  Sizes sizes(spec);
  std::string folder;
  for (std::uint64_t file = 0; file < spec.files; ++file) {
    const std::string path = Concat({root, "/rootfs/", PathOf(file, spec)});
    if (std::string parent = path.substr(0, path.rfind('/')); parent != folder) {
      folder = std::move(parent);
      if (Status made = MakeFolders(folder); !made) {
        return made;
      }
    }
    const std::string name = std::to_string(file);
    if (Status written = WriteNoise(path, sizes.Next(), file % 3 != 2, rng.Fork(name)); !written) {
      return written;
    }
  }
  return Ok();
}

}  // namespace drydock::publisher
