// The upload of one blob of five bytes to registry.test, with a login, by a transport that plays
// the registry. Threads: one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "publisher/push/blob_upload.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {

inline constexpr std::string_view kFiveBytes = "bytes";

inline Outcome<BlobReport> UploadFiveBytes(ScriptedTransport& transport, FakeClock& clock,
                                           std::uint64_t chunk_bytes = kChunkBytesUsual) {
  const testing::TempFolder folder;
  const std::string bytes(kFiveBytes);
  const LayoutBlob blob{Digest::Of(bytes), bytes.size(), folder.Write("blob", bytes), {}};
  RegistrySession session(transport, clock, {{"registry.test", {"me", "hunter2"}}}, {},
                          RequestTime());
  Journal journal(clock);
  Retrier retrier(clock, journal, Rng(1), "host");
  RunJournal run(clock);
  UploadShape shape(chunk_bytes);
  const std::atomic<bool> stop = false;
  UploadLane lane{session, clock, retrier, run, shape, stop, {}};
  return BlobUpload(lane, *ImageReference::Parse("registry.test/a/b:v1"), blob, {}).Run();
}

}  // namespace drydock::publisher
