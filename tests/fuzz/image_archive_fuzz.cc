// An archive of images of anyone's making: it is read without end or crash, and what it gives is
// what its digests say.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "simulator/storage/image_archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using drydock::OwnedFile;
  OwnedFile file(::memfd_create("archive", MFD_CLOEXEC));
  if (!file.open() || ::write(file.descriptor(), data, size) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  const auto images = drydock::simulator::ReadImageArchive(
      std::make_shared<const OwnedFile>(std::move(file)), "archive");
  if (!images) {
    return 0;
  }
  for (const auto& [digest, blob] : images->blobs) {
    drydock::Body body = blob.blob.Read();
    const auto bytes = drydock::ReadAll(body, size);
    if (!bytes || drydock::Digest::Of(*bytes, digest.algorithm()) != digest) {
      std::abort();
    }
  }
  for (const auto& tag : images->tags) {
    if (images->manifests.count(tag.digest) == 0) {
      std::abort();
    }
  }
  return 0;
}
