#include "simulator/buildkit/layer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/gzip.h"
#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::size_t kBlock = 512;
using Header = std::array<char, kBlock>;

void Put(Header& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

// `width` octal digits, zero-filled, with the NUL that the caller's zeroed field already has.
std::string Octal(std::uint64_t value, std::size_t width) {
  std::string digits(width, '0');
  for (std::size_t i = width; i > 0 && value != 0; --i, value /= 8) {
    digits[i - 1] = static_cast<char>('0' + static_cast<int>(value % 8));
  }
  return digits;
}

void Pad(std::string& tar) { tar.resize((tar.size() + kBlock - 1) / kBlock * kBlock, '\0'); }

void AppendEntry(std::string& tar, std::string_view name, std::string_view mode, char type,
                 std::string_view link, std::string_view content) {
  constexpr std::size_t kNameMax = 100;
  if (name.size() > kNameMax) {
    AppendEntry(tar, "././@LongLink", "0000644", 'L', "",
                Concat({name, std::string_view("\0", 1)}));
  }
  if (link.size() > kNameMax) {
    AppendEntry(tar, "././@LongLink", "0000644", 'K', "",
                Concat({link, std::string_view("\0", 1)}));
  }
  Header header{};
  Put(header, 0, name.substr(0, kNameMax));
  Put(header, 100, mode);
  Put(header, 108, "0000000");
  Put(header, 116, "0000000");
  Put(header, 124, Octal(content.size(), 11));
  Put(header, 136, Octal(0, 11));
  Put(header, 148, "        ");
  header[156] = type;
  Put(header, 157, link.substr(0, kNameMax));
  Put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  Put(header, 148, Octal(sum, 6));
  header[154] = '\0';
  tar.append(header.data(), header.size());
  tar += content;
  Pad(tar);
}

// The tree with every parent directory of every path.
FileTree WithParents(const FileTree& tree) {
  FileTree whole = tree;
  for (const auto& [path, node] : tree) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      whole.emplace(path.substr(0, slash), FileNode{FileNode::Kind::kDirectory, false, nullptr});
    }
  }
  return whole;
}

}  // namespace

std::string MakeTar(const FileTree& tree) {
  std::string tar;
  for (const auto& [path, node] : WithParents(tree)) {
    switch (node.kind) {
      case FileNode::Kind::kDirectory:
        AppendEntry(tar, path + "/", "0000755", '5', "", "");
        break;
      case FileNode::Kind::kSymlink:
        AppendEntry(tar, path, "0000777", '2', *node.content, "");
        break;
      case FileNode::Kind::kFile:
        AppendEntry(tar, path, node.executable ? "0000755" : "0000644", '0', "", *node.content);
        break;
    }
  }
  tar.append(2 * kBlock, '\0');
  return tar;
}

PackedLayer PackLayer(const FileTree& tree, TimePoint created) {
  const std::string tar = MakeTar(tree);
  auto bytes = GzipOnce(tar);
  Layer layer{Digest::Of(*bytes), Digest::Of(tar), bytes->size(), created, "", "", ""};
  return {std::move(layer), std::move(bytes)};
}

}  // namespace drydock::simulator::buildkit
