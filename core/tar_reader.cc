#include "core/tar_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/text.h"

namespace drydock {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMetadataMost = 1 << 20;  // of one long name or one set of pax records
constexpr std::uint64_t kSizeMost = std::uint64_t{1} << 60;

// Up to the first NUL.
std::string_view Field(std::string_view header, std::size_t offset, std::size_t size) {
  const std::string_view field = header.substr(offset, size);
  return field.substr(0, field.find('\0'));
}

// Octal digits, or GNU's binary form for what does not fit into them.
std::optional<std::uint64_t> Number(std::string_view header, std::size_t offset, std::size_t size) {
  const std::string_view field = header.substr(offset, size);
  std::uint64_t number = 0;
  if ((static_cast<unsigned char>(field.front()) & 0x80) != 0) {
    for (std::size_t at = 0; at < field.size(); ++at) {
      const unsigned byte = static_cast<unsigned char>(field[at]) & (at == 0 ? 0x7FU : 0xFFU);
      if (number >> 52 != 0) {
        return std::nullopt;
      }
      number = number << 8 | byte;
    }
    return number;
  }
  for (const char digit : Trim(Field(header, offset, size))) {
    if (digit < '0' || digit > '7' || number >> 60 != 0) {
      return std::nullopt;
    }
    number = number * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

bool ChecksumHolds(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < kBlock; ++at) {
    sum += at >= 148 && at < 156 ? ' ' : static_cast<unsigned char>(header[at]);
  }
  return Number(header, 148, 8) == sum;
}

std::string HeaderPath(std::string_view header) {
  const std::string_view name = Field(header, 0, 100);
  const std::string_view prefix = Field(header, 345, 155);
  const bool posix = header.substr(257, 6) == std::string_view("ustar\0", 6);
  return posix && !prefix.empty() ? Concat({prefix, "/", name}) : std::string(name);
}

// "./a//b/" is "a/b"; what would leave the folder that is unpacked into stays visible.
std::string Normalised(std::string_view path) {
  std::string normal;
  for (const std::string& name : Split(path, '/')) {
    if (!name.empty() && name != ".") {
      normal += (normal.empty() ? "" : "/") + name;
    }
  }
  return normal;
}

std::optional<TarMember::Kind> KindOf(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '7':  // contiguous
      return TarMember::Kind::kFile;
    case '1':
      return TarMember::Kind::kHardLink;
    case '2':
      return TarMember::Kind::kLink;
    case '5':
      return TarMember::Kind::kFolder;
    case '3':
    case '4':
    case '6':
      return TarMember::Kind::kOther;
    default:
      return std::nullopt;
  }
}

// The compression that bytes at the start of a file tell of, when it is one we do not undo.
std::string_view CompressionOf(std::string_view bytes) {
  return bytes.starts_with("\x28\xb5\x2f\xfd") ? "zstd"
         : bytes.starts_with("\xfd\x37zXZ")    ? "xz"
         : bytes.starts_with("BZh")            ? "bzip2"
                                               : "";
}

// Fills `into`, or shortens it where the file ends. False, with errno set, when reading fails.
bool ReadAt(int file, std::uint64_t offset, std::string& into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t got = ::pread(file, into.data() + filled, into.size() - filled,
                                static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      into.resize(filled);
      return got == 0;
    }
    filled += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Error TarReader::Damaged(std::string_view what) const {
  return Error(ErrorCode::kInvalid,
               Concat({"tar: ", what, " at byte ", std::to_string(position_), ": ", name_}));
}

// False at the end of the archive.
Result<bool> TarReader::ReadHeader(std::string& header) {
  header.assign(kBlock, '\0');
  if (!ReadAt(file_, position_, header)) {
    return Error(ErrorCode::kUnavailable,
                 Concat({"tar: cannot read: ", name_, " (", std::strerror(errno), ")"}));
  }
  const std::string_view compression = CompressionOf(header);
  if (position_ == 0 && !compression.empty() &&
      (header.size() < kBlock || !ChecksumHolds(header))) {
    return Error(ErrorCode::kInvalid, Concat({"tar: compressed with ", compression,
                                              ", only gzip is undone here: ", name_}));
  }
  if (header.size() < kBlock) {
    // Some writers leave the closing blocks out; but what was cut off looks the same.
    return Damaged(position_ == 0 ? "no tar archive" : "truncated");
  }
  if (header.find_first_not_of('\0') == std::string::npos) {
    return false;
  }
  if (!ChecksumHolds(header)) {
    return Damaged(position_ == 0 ? "no tar archive, wrong checksum" : "damaged header");
  }
  return true;
}

Result<std::string> TarReader::ReadContent(std::uint64_t size) {
  if (size > kMetadataMost) {
    return Damaged("oversized extended header");
  }
  std::string content(size, '\0');
  if (!ReadAt(file_, position_ + kBlock, content) || content.size() < size) {
    return Damaged("truncated extended header");
  }
  return content;
}

// "LENGTH KEY=VALUE\n", one after the other; LENGTH counts itself.
Status TarReader::ReadRecords(std::uint64_t size, Records& into) {
  auto content = ReadContent(size);
  if (!content) {
    return std::move(content).error();
  }
  std::string_view rest = *content;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    const auto length = ParseUnsigned(rest.substr(0, space));
    if (space == std::string_view::npos || !length || *length > rest.size() ||
        *length < space + 2 || rest[*length - 1] != '\n') {
      return Damaged("damaged pax record");
    }
    const std::string_view record = rest.substr(space + 1, *length - space - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) {
      return Damaged("damaged pax record");
    }
    into[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    rest.remove_prefix(*length);
  }
  return Ok();
}

Status TarReader::ReadExtension(char type, std::uint64_t size, Records& records) {
  if (type == 'x') {
    return ReadRecords(size, records);
  }
  if (type == 'g') {
    Status read = ReadRecords(size, global_);
    records.insert(global_.begin(), global_.end());
    return read;
  }
  const auto name = ReadContent(size);
  if (!name) {
    return name.error();
  }
  records[type == 'L' ? "path" : "linkpath"] = Field(*name, 0, name->size());
  return Ok();
}

Result<bool> TarReader::Next(TarMember& member) {
  Records records = global_;
  std::string header;
  for (;;) {
    auto more = ReadHeader(header);
    if (!more || !*more) {
      return more;
    }
    auto size = Number(header, 124, 12);
    if (!size || *size > kSizeMost) {
      return Damaged("impossible size");
    }
    const char type = header[156];
    const std::uint64_t content = position_ + kBlock;
    const auto end = [&](std::uint64_t bytes) {
      return content + (bytes + kBlock - 1) / kBlock * kBlock;
    };
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
      if (Status read = ReadExtension(type, *size, records); !read) {
        return std::move(read).error();
      }
      position_ = end(*size);
      continue;
    }
    const auto record = [&](std::string_view key, std::string fallback) {
      const auto found = records.find(key);
      return found == records.end() ? std::move(fallback) : found->second;
    };
    member.path = Normalised(record("path", HeaderPath(header)));
    const auto kind = KindOf(type);
    if (!kind || records.lower_bound("GNU.sparse.") != records.lower_bound("GNU.sparse/")) {
      return Error(ErrorCode::kInvalid,
                   Concat({"tar: a kind of member that is not supported (",
                           kind ? "sparse file" : Concat({"type '", std::string(1, type), "'"}),
                           "): ", member.path}));
    }
    if (const auto text = record("size", ""); !text.empty()) {
      size = ParseUnsigned(text);
      if (!size || *size > kSizeMost) {
        return Damaged("impossible size");
      }
    }
    member.kind = *kind;
    if (*kind == TarMember::Kind::kFile && record("path", HeaderPath(header)).ends_with('/')) {
      member.kind = TarMember::Kind::kFolder;  // as writers before POSIX did
    }
    member.target = record("linkpath", std::string(Field(header, 157, 100)));
    if (*kind == TarMember::Kind::kHardLink) {
      member.target = Normalised(member.target);
    }
    const bool has_content = member.kind == TarMember::Kind::kFile;
    member.offset = content;
    member.size = has_content ? *size : 0;
    position_ = end(member.size);
    return true;
  }
}

}  // namespace drydock
