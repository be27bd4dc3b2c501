#include "publisher/hash/tar_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "core/tar_reader.h"
#include "core/text.h"
#include "publisher/hash/folder_walk.h"

namespace drydock::publisher {
namespace {

Error ArchiveError(int number, std::string_view what, std::string_view archive) {
  return Error(number == ENOENT   ? ErrorCode::kNotFound
               : number == EACCES ? ErrorCode::kDenied
                                  : ErrorCode::kUnavailable,
               Concat({"tar: ", what, ": ", archive, " (", std::strerror(number), ")"}));
}

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      return ArchiveError(errno, "cannot spool the archive", "temporary file");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok();
}

// Everything zlib reads from `file`, gzip or not, in a file without a name.
Result<std::shared_ptr<const Descriptor>> Spool(int file, const std::string& archive) {
  std::error_code failure;
  const auto folder = std::filesystem::temp_directory_path(failure);
  const int number =
      ::open(failure ? "/tmp" : folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (number < 0) {
    return ArchiveError(errno, "cannot spool the archive", folder.string());
  }
  auto spooled = std::make_shared<const Descriptor>(number);
  gzFile stream = ::gzdopen(::dup(file), "rb");
  if (stream == nullptr) {
    return ArchiveError(ENOMEM, "cannot read", archive);
  }
  std::array<char, 256 << 10> bytes;
  Status status = Ok();
  int got = 0;
  while (status.ok() && (got = ::gzread(stream, bytes.data(), bytes.size())) > 0) {
    status = WriteAll(number, std::string_view(bytes.data(), static_cast<std::size_t>(got)));
  }
  int problem = Z_OK;
  const char* words = ::gzerror(stream, &problem);
  if (status.ok() && problem != Z_OK && problem != Z_STREAM_END) {
    status = Error(ErrorCode::kInvalid,
                   Concat({"tar: damaged gzip: ", archive, " (",
                           problem == Z_ERRNO ? std::strerror(errno) : words, ")"}));
  }
  ::gzclose_r(stream);
  return status ? Result<std::shared_ptr<const Descriptor>>(std::move(spooled))
                : std::move(status).error();
}

// The archive in a file that can be read at any place.
Result<std::shared_ptr<const Descriptor>> OpenArchive(const std::string& archive) {
  std::shared_ptr<const Descriptor> file;
  int number = STDIN_FILENO;
  if (archive != "-") {
    number = ::open(archive.c_str(), O_RDONLY | O_CLOEXEC);
    if (number < 0) {
      return ArchiveError(errno, "cannot open", archive);
    }
    file = std::make_shared<const Descriptor>(number);
    std::array<unsigned char, 2> magic{};
    struct stat found {};
    if (::fstat(number, &found) == 0 && S_ISDIR(found.st_mode)) {
      return ArchiveError(EISDIR, "cannot read", archive);
    }
    if (::pread(number, magic.data(), magic.size(), 0) == 2 &&
        !(magic[0] == 0x1F && magic[1] == 0x8B)) {
      return file;
    }
  }
  return Spool(number, archive);
}

class TarSource : public InputSource {
 public:
  TarSource(const Recipe& recipe, bool compat) : recipe_(recipe), compat_(compat) {}

  Status Open(const std::string& archive);

  Result<bool> Next(Input& input) override;
  std::vector<std::string> TakeSkipped() override { return std::exchange(skipped_, {}); }
  Result<std::optional<FileStamp>> Read(const Input& input, ByteSink& sink,
                                        std::vector<std::string>& skipped) override;
  std::optional<FileStamp> LookAt(const Input&) override { return std::nullopt; }

 private:
  struct Member {
    TarMember::Kind kind = TarMember::Kind::kFile;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  using Members = std::map<std::string, Member, std::less<>>;  // in byte order: the recipe's

  Status Add(const TarMember& member);
  Status CheckParents() const;
  Status OpenTree(const TreeInput& tree);
  Result<bool> OpenFile(const FileInput& file, Input& input);
  bool Excluded(std::string_view path) const;
  bool HasBelow(const std::string& folder) const;
  static void Describe(const Members::value_type& member, Input& input);
  Status Skip(Error error);

  const Recipe& recipe_;
  const bool compat_;
  std::string archive_;
  std::shared_ptr<const Descriptor> file_;
  Members members_;

  std::size_t next_ = 0;
  const TreeInput* tree_ = nullptr;
  Members::const_iterator at_;   // within the tree, up to
  Members::const_iterator end_;  // here
  std::vector<std::string> skipped_;
};

Status TarSource::Skip(Error error) {
  if (!compat_) {
    return error;
  }
  skipped_.push_back(error.message());
  return Ok();
}

Status TarSource::Open(const std::string& archive) {
  archive_ = archive == "-" ? "standard input" : archive;
  auto file = OpenArchive(archive);
  if (!file) {
    return std::move(file).error();
  }
  file_ = *std::move(file);
  TarReader reader(file_->number(), archive_);
  TarMember member;
  for (;;) {
    auto more = reader.Next(member);
    if (!more) {
      return std::move(more).error();
    }
    if (!*more) {
      break;
    }
    if (Status added = Add(member); !added) {
      return added;
    }
  }
  at_ = end_ = members_.end();
  return CheckParents();
}

Status TarSource::Add(const TarMember& member) {
  for (const std::string& name : Split(member.path, '/')) {
    if (name == "..") {
      return Error(ErrorCode::kInvalid,
                   Concat({"tar: a member outside of the archive: ", member.path}));
    }
  }
  Member added{member.kind, member.offset, member.size};
  if (member.kind == TarMember::Kind::kHardLink) {
    const auto target = members_.find(member.target);
    if (target == members_.end()) {
      return Error(
          ErrorCode::kInvalid,
          Concat({"tar: a hard link to nothing before it: ", member.path, " -> ", member.target}));
    }
    added = target->second;
  }
  if (!member.path.empty()) {
    members_.insert_or_assign(member.path, added);  // the last of several with one name stays
  }
  return Ok();
}

// Unpacking below something that is no folder would go through a link, or fail.
Status TarSource::CheckParents() const {
  for (const auto& [path, member] : members_) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const auto parent = members_.find(std::string_view(path).substr(0, slash));
      if (parent != members_.end() && parent->second.kind != TarMember::Kind::kFolder) {
        return Error(ErrorCode::kInvalid,
                     Concat({"tar: a member below one that is no folder: ", path}));
      }
    }
  }
  return Ok();
}

bool TarSource::HasBelow(const std::string& folder) const {
  const auto below = members_.lower_bound(folder + "/");
  return below != members_.end() && below->first.starts_with(folder + "/");
}

Status TarSource::OpenTree(const TreeInput& tree) {
  tree_ = &tree;
  const auto found = members_.find(tree.path);
  if (found == members_.end() && !HasBelow(tree.path)) {
    return Skip(
        Error(ErrorCode::kNotFound, Concat({"hash: missing input in the archive: ", tree.path})));
  }
  if (found != members_.end() && found->second.kind != TarMember::Kind::kFolder) {
    return Skip(Error(ErrorCode::kInvalid, Concat({"hash: not a folder: ", tree.path})));
  }
  at_ = members_.lower_bound(tree.path + "/");
  end_ = members_.lower_bound(tree.path + "0");  // "0" comes after "/"
  return Ok();
}

// As find's tests: folders by whole names anywhere in the path, files by their last name.
bool TarSource::Excluded(std::string_view path) const {
  const std::vector<std::string> names = Split(path, '/');
  const auto& folders = tree_->excluded_folders;
  const auto& globs = tree_->excluded_files;
  return std::any_of(names.begin() + 1, names.end() - 1,
                     [&](const std::string& name) {
                       return std::find(folders.begin(), folders.end(), name) != folders.end();
                     }) ||
         std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return GlobMatches(glob, names.back()); });
}

void TarSource::Describe(const Members::value_type& member, Input& input) {
  input.kind = Input::Kind::kObject;
  input.path = member.first;
  input.tag = member.second.offset;
  input.size = member.second.size;
}

// False when the file was skipped.
Result<bool> TarSource::OpenFile(const FileInput& file, Input& input) {
  const auto found = members_.find(file.path);
  if (found != members_.end() && found->second.kind == TarMember::Kind::kFile) {
    Describe(*found, input);
    return true;
  }
  if (found != members_.end() && found->second.kind != TarMember::Kind::kFolder) {
    return Error(ErrorCode::kInvalid,
                 Concat({"hash: not a plain file in the archive: ", file.path}));
  }
  const bool folder = found != members_.end() || HasBelow(file.path);
  Status skipped = Skip(Error(folder ? ErrorCode::kInvalid : ErrorCode::kNotFound,
                              Concat({folder ? "hash: a folder where a file is expected: "
                                             : "hash: missing input in the archive: ",
                                      file.path})));
  return skipped ? Result<bool>(false) : Result<bool>(std::move(skipped).error());
}

Result<bool> TarSource::Next(Input& input) {
  for (;;) {
    while (at_ != end_) {
      const auto& member = *at_++;
      if (member.second.kind == TarMember::Kind::kFile && !Excluded(member.first)) {
        Describe(member, input);
        return true;
      }
    }
    if (next_ == recipe_.inputs.size()) {
      return false;
    }
    const RecipeInput& part = recipe_.inputs[next_++];
    if (const auto* tree = std::get_if<TreeInput>(&part)) {
      if (Status opened = OpenTree(*tree); !opened) {
        return std::move(opened).error();
      }
    } else if (const auto* file = std::get_if<FileInput>(&part)) {
      auto opened = OpenFile(*file, input);
      if (!opened || *opened) {
        return opened;
      }
    } else {
      input.kind = Input::Kind::kLine;
      input.text = std::get<LineInput>(part).text + "\n";
      return true;
    }
  }
}

Result<std::optional<FileStamp>> TarSource::Read(const Input& input, ByteSink& sink,
                                                 std::vector<std::string>&) {
  FileStamp stamp;
  if (input.kind == Input::Kind::kLine) {
    Status poured = Pour(input.text, sink);
    stamp.size = input.text.size();
    return poured ? Result<std::optional<FileStamp>>(stamp) : std::move(poured).error();
  }
  while (stamp.size < input.size) {
    auto room = sink.Room();
    if (!room) {
      return std::move(room).error();
    }
    const std::size_t most = std::min<std::uint64_t>(room->size(), input.size - stamp.size);
    const ssize_t got =
        ::pread(file_->number(), room->data(), most, static_cast<off_t>(input.tag + stamp.size));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ArchiveError(errno, "cannot read", archive_);
    }
    if (got == 0) {
      return Error(ErrorCode::kInvalid, Concat({"tar: truncated in the middle of: ", input.path}));
    }
    sink.Filled(static_cast<std::size_t>(got));
    stamp.size += static_cast<std::uint64_t>(got);
  }
  return std::optional(stamp);
}

}  // namespace

Result<std::unique_ptr<InputSource>> OpenTarSource(const std::string& archive, const Recipe& recipe,
                                                   bool compat) {
  auto source = std::make_unique<TarSource>(recipe, compat);
  if (Status opened = source->Open(archive); !opened) {
    return std::move(opened).error();
  }
  return std::unique_ptr<InputSource>(std::move(source));
}

}  // namespace drydock::publisher
