// An HTTP client that hides nothing: it sends the bytes it is given and tells how the connection
// ended. For tests of servers on this machine. Every wait is bounded; a wait that runs out is a
// result, not a hang. Threads: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drydock::testing {

enum class End { kFin, kRst, kStillOpen };

struct RawAnswer {
  int status = 0;    // 0: no complete head arrived
  std::string head;  // status line and fields, without the empty line
  std::string body;  // unframed as far as it arrived
  bool whole = false;

  // The value of the first field of that name; "" when there is none.
  std::string Field(std::string_view name) const;
};

class RawClient {
 public:
  // Connects to a loopback address; ok() tells whether that worked. From an address of 127.0.0.0/8
  // of its own when one is given.
  explicit RawClient(std::uint16_t port, const std::string& from = "",
                     const std::string& to = "127.0.0.1");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool ok() const { return fd_ >= 0; }
  // False when the server no longer takes bytes.
  bool Send(std::string_view bytes);
  // FIN from our side; the answer can still be read.
  void EndSending();
  // RST from our side, and gone.
  void Vanish();

  // One answer; `to_head` reads an answer to HEAD, which has no body whatever it announces.
  RawAnswer ReadAnswer(bool to_head = false);
  // Everything until the connection ends, unframed by nobody.
  std::string ReadToEnd();
  // Waits for `span` at most; false when something can be read before (bytes or the end).
  bool Quiet(std::chrono::milliseconds span) const;
  // How the connection ended, once a read met its end.
  End end() const { return end_; }

 private:
  // Adds to held_; false at the end.
  bool Fill();
  // Takes up to and including `mark`; nullopt when the connection ends before.
  std::optional<std::string> TakeThrough(std::string_view mark);
  std::optional<std::string> TakeHead();
  std::optional<std::string> Take(std::size_t count);
  void ReadChunks(RawAnswer& answer);

  int fd_ = -1;
  std::string held_;
  End end_ = End::kStillOpen;
};

// A port of 127.0.0.1 that nobody listens on at the moment, for a program that cannot choose one
// and tell; 0 when there is none.
std::uint16_t FreePort();

// "GET /path HTTP/1.1" with a Host field and `fields`, complete.
std::string RequestText(std::string_view method, std::string_view target,
                        std::string_view fields = "", std::string_view body = "");

}  // namespace drydock::testing
