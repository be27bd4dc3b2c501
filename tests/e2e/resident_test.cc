// How much memory the real program takes while much goes through it to and from a disk.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/digest.h"
#include "core/text.h"
#include "tests/e2e/served.h"
#include "tests/support/raw_client.h"

namespace drydock::testing {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;
constexpr std::uint64_t kResidentMax = 64 * kMebi;

// A blob of many equal pieces, never held whole.
class Layer {
 public:
  explicit Layer(int number) : piece_(kMebi, static_cast<char>('a' + number)) {
    Hasher hasher;
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      hasher.Update(piece_);
    }
    digest_ = hasher.Finish().ToString();
  }

  const std::string& digest() const { return digest_; }

  int Push(RawClient& client, const std::string& target) const {
    EXPECT_TRUE(
        client.Send(Concat({"PUT ", target, "?digest=", digest_, " HTTP/1.1\r\nHost: registry\r\n",
                            "Content-Length: ", std::to_string(kPieces * kMebi), "\r\n\r\n"})));
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      EXPECT_TRUE(client.Send(piece_));
    }
    return client.ReadAnswer().status;
  }

  static constexpr std::uint64_t kPieces = 64;

 private:
  std::string piece_;
  std::string digest_;
};

std::uint64_t PeakResident(pid_t process) {
  const std::string status = ReadFile(Concat({"/proc/", std::to_string(process), "/status"}));
  const std::size_t at = status.find("VmHWM:");
  EXPECT_NE(std::string::npos, at);
  const std::string_view line = std::string_view(status).substr(at + 6);
  return ParseUnsigned(Trim(line.substr(0, line.find("kB")))).value_or(0) * 1024;
}

TEST(Resident, ADiskStoreTakesAGibibyteInLittleMemory) {
  const TempFolder store;
  const Served server({"--store", store.path().string()});
  RawClient client(server.port());
  const auto ask = [&](std::string_view method, std::string_view target) {
    EXPECT_TRUE(client.Send(RequestText(method, target)));
    return client.ReadAnswer();
  };
  const std::string blobs = "/v2/team/app/blobs/";
  for (int number = 0; number < 16; ++number) {
    const Layer layer(number);
    const std::string location = ask("POST", blobs + "uploads/").Field("Location");
    ASSERT_EQ(201, layer.Push(client, location.substr(location.find("/v2/"))));
    if (number % 4 == 0) {
      EXPECT_EQ(Layer::kPieces * kMebi, ask("GET", blobs + layer.digest()).body.size());
    }
    ASSERT_EQ(202, ask("DELETE", blobs + layer.digest()).status);
  }
  EXPECT_LE(PeakResident(server.pid()), kResidentMax);
}

}  // namespace
}  // namespace drydock::testing
