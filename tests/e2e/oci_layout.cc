#include "tests/e2e/oci_layout.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "core/rng.h"
#include "core/text.h"

namespace drydock::testing {
namespace {

constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kIndexType[] = "application/vnd.oci.image.index.v1+json";

std::string Descriptor(std::string_view media_type, const Digest& digest, std::size_t size,
                       std::string_view more = "") {
  return Concat({R"({"mediaType":")", media_type, R"(","digest":")", digest.ToString(),
                 R"(","size":)", std::to_string(size), more, "}"});
}

// A ustar archive of one regular file.
std::string Tar(std::string_view file_name, std::string_view content) {
  std::string header(512, '\0');
  file_name.copy(header.data(), 100);
  std::snprintf(header.data() + 100, 24, "%07o", 0644U);
  std::snprintf(header.data() + 108, 8, "%07o", 0U);
  std::snprintf(header.data() + 116, 8, "%07o", 0U);
  std::snprintf(header.data() + 124, 12, "%011zo", content.size());
  std::snprintf(header.data() + 136, 12, "%011o", 0U);
  header[156] = '0';
  std::string_view(
      "ustar\0"
      "00",
      8)
      .copy(header.data() + 257, 8);
  std::fill_n(header.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  std::snprintf(header.data() + 148, 8, "%06o", sum);
  const std::size_t padding = (512 - content.size() % 512) % 512;
  return Concat({header, content, std::string(padding + 1024, '\0')});
}

std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(Z_OK,
            deflateInit2(&stream, Z_NO_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY));
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(Z_STREAM_END, deflate(&stream, Z_FINISH));
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Noise(std::string_view seed, std::size_t bytes) {
  Rng rng = Rng(1).Fork(seed);
  std::string noise = rng.Hex(bytes / 2 + 1);
  noise.resize(bytes);
  return noise;
}

}  // namespace

std::string LayerOf(std::string_view file_name, std::string_view content) {
  return Gzip(Tar(file_name, content));
}

std::string DiffIdOf(std::string_view file_name, std::string_view content) {
  return Digest::Of(Tar(file_name, content)).ToString();
}

OciLayout::OciLayout(const TempFolder& folder, std::string_view name,
                     const std::vector<std::string>& architectures, std::size_t layer_bytes)
    : folder_(folder),
      name_(name),
      architectures_(architectures),
      layer_bytes_(layer_bytes),
      top_(Digest::Of("")) {
  folder_.Write(name_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  std::vector<std::string> children;
  std::size_t size = 0;
  for (const std::string& architecture : architectures) {
    const Blob image = PutImage(architecture);
    children.push_back(Descriptor(
        kManifestType, image.digest, image.size,
        Concat({R"(,"platform":{"os":"linux","architecture":")", architecture, R"("})"})));
    top_ = image.digest;
    size = image.size;
  }
  if (architectures.size() > 1) {
    const Blob index = Put(Concat({R"({"schemaVersion":2,"mediaType":")", kIndexType,
                                   R"(","manifests":[)", Join(children, ","), "]}"}));
    top_ = index.digest;
    size = index.size;
  }
  folder_.Write(
      name_ + "/index.json",
      Concat({R"({"schemaVersion":2,"manifests":[)",
              Descriptor(architectures.size() > 1 ? kIndexType : kManifestType, top_, size,
                         R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"),
              "]}"}));
}

std::string OciLayout::Reference() const { return Concat({"oci:", path(), ":v1"}); }

std::string OciLayout::DiffId() const {
  return DiffIdOf("content", Content(architectures_.front()));
}

std::string OciLayout::Content(std::string_view architecture) const {
  return Noise(Concat({name_, " ", architecture}), layer_bytes_);
}

OciLayout::Blob OciLayout::Put(const std::string& bytes) const {
  const Digest digest = Digest::Of(bytes);
  folder_.Write(Concat({name_, "/blobs/sha256/", digest.hex()}), bytes);
  return {digest, bytes.size()};
}

OciLayout::Blob OciLayout::PutImage(const std::string& architecture) const {
  const std::string content = Content(architecture);
  const Blob layer = Put(LayerOf("content", content));
  const Blob config = Put(Concat({R"({"architecture":")", architecture,
                                  R"(","os":"linux","config":{},"rootfs":{"type":"layers",)",
                                  R"("diff_ids":[")", DiffIdOf("content", content), R"("]}})"}));
  return Put(Concat(
      {R"({"schemaVersion":2,"mediaType":")", kManifestType, R"(","config":)",
       Descriptor("application/vnd.oci.image.config.v1+json", config.digest, config.size),
       R"(,"layers":[)",
       Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer.digest, layer.size), "]}"}));
}

std::vector<std::string> BlobsOf(const std::string& layout_path) {
  std::vector<std::string> blobs;
  for (const auto& entry : std::filesystem::directory_iterator(layout_path + "/blobs/sha256")) {
    blobs.push_back(entry.path().filename().string());
    EXPECT_EQ(blobs.back(), Digest::Of(ReadFile(entry.path())).hex());
  }
  std::sort(blobs.begin(), blobs.end());
  return blobs;
}

}  // namespace drydock::testing
