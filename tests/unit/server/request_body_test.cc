#include "simulator/server/request_body.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

// A peer that sends `bytes` in pieces of `step` and then ends.
class Peer : public BodyReader {
 public:
  Peer(std::string bytes, std::size_t step) : bytes_(std::move(bytes)), step_(step) {}
  Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t count =
        std::string_view(bytes_).substr(at_).copy(into.data(), std::min(step_, into.size()));
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t step_;
  std::size_t at_ = 0;
};

struct Outcome {
  std::string body;
  std::string error;  // "" when it ended well
  std::string rest;   // what stands on the connection behind it
};

Outcome ReadBody(const std::string& bytes, BodyFraming framing, std::size_t step = 1000,
                 std::size_t room = 1000) {
  Peer peer(bytes, step);
  InputBuffer input(peer);
  RequestBody body(input, framing, nullptr);
  Outcome outcome;
  std::string piece(room, '\0');
  while (true) {
    const Result<std::size_t> got = body.Read(piece);
    if (!got) {
      outcome.error = std::string(Name(got.error().code())) + ": " + got.error().message();
      EXPECT_FALSE(body.done());
      EXPECT_EQ(got.error().message(), body.failure().value().message());
      return outcome;
    }
    if (*got == 0) {
      break;
    }
    outcome.body.append(piece, 0, *got);
  }
  EXPECT_TRUE(body.done());
  Result<std::size_t> more = std::size_t{1};
  while (more && *more > 0) {
    more = input.Read(piece);
    outcome.rest.append(piece, 0, *more);
  }
  return outcome;
}

constexpr BodyFraming kChunked = {BodyFraming::Kind::kChunked, 0};

TEST(RequestBody, TakesExactlyItsLength) {
  const Outcome outcome = ReadBody("abcdeGET /", {BodyFraming::Kind::kLength, 5}, 2);
  EXPECT_EQ("abcde", outcome.body);
  EXPECT_EQ("", outcome.error);
  EXPECT_EQ("GET /", outcome.rest);
}

TEST(RequestBody, MissesWhatTheClientDidNotSend) {
  const Outcome outcome = ReadBody("abc", {BodyFraming::Kind::kLength, 5});
  EXPECT_EQ("abc", outcome.body);
  EXPECT_EQ("ambiguous: request body: the client went away with 2 bytes still to send",
            outcome.error);
}

TEST(RequestBody, HasNoneWithoutFraming) {
  const Outcome outcome = ReadBody("GET /", BodyFraming{});
  EXPECT_EQ("", outcome.body);
  EXPECT_EQ("GET /", outcome.rest);
}

TEST(RequestBody, TakesChunksApart) {
  const Outcome outcome =
      ReadBody("3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET /", kChunked, 1);
  EXPECT_EQ("abc0123456789", outcome.body);
  EXPECT_EQ("", outcome.error);
  EXPECT_EQ("GET /", outcome.rest);
}

TEST(RequestBody, RefusesBrokenChunks) {
  const struct {
    std::string bytes;
    std::string error;
  } rows[] = {
      {"x\r\nabc", "invalid: request body: not a chunk size: x"},
      {"\r\nabc", "invalid: request body: not a chunk size: "},
      {"-1\r\nabc", "invalid: request body: not a chunk size: -1"},
      {"0x3\r\nabc\r\n", "invalid: request body: not a chunk size: 0x3"},
      {"11111111111111111\r\nabc", "invalid: request body: not a chunk size: 11111111111111111"},
      {"3\r\nabcd\r\n0\r\n\r\n", "invalid: request body: a line of the chunked coding has no end"},
      {std::string(2000, '1') + "\r\n",
       "invalid: request body: a line of the chunked coding has no end"},
      {"0\r\nT: " + std::string(9000, 't') + "\r\n\r\n",
       "invalid: request body: a line of the chunked coding has no end"},
      {"3\r\nab",
       "ambiguous: request body: the client went away with 1 bytes of a chunk still to send"},
      {"3\r\nabc", "ambiguous: request body: the client went away between chunks"},
      {"3\r\nabc\r\n", "ambiguous: request body: the client went away between chunks"},
      {"0\r\n", "ambiguous: request body: the client went away between chunks"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.error, ReadBody(row.bytes, kChunked).error) << row.bytes.substr(0, 40);
    EXPECT_EQ(row.error, ReadBody(row.bytes, kChunked, 1, 1).error) << row.bytes.substr(0, 40);
  }
}

TEST(RequestBody, AnnouncesTheFirstReadOnce) {
  Peer peer("abcdef", 1);
  InputBuffer input(peer);
  int calls = 0;
  RequestBody body(input, {BodyFraming::Kind::kLength, 6}, [&calls] { ++calls; });
  EXPECT_EQ(0, calls);
  std::string piece(3, '\0');
  while (!body.done()) {
    ASSERT_TRUE(body.Read(piece));
  }
  EXPECT_EQ(1, calls);
}

RC_GTEST_PROP(RequestBodyProperty, ChunksCarryAnyBytesInAnyPieces,
              (const std::vector<std::string>& pieces)) {
  std::string sent;
  std::string wire;
  for (const std::string& piece : pieces) {
    if (!piece.empty()) {
      std::string size;
      for (std::size_t n = piece.size(); n > 0; n /= 16) {
        size.insert(size.begin(), "0123456789abcdef"[n % 16]);
      }
      wire += Concat({size, "\r\n", piece, "\r\n"});
      sent += piece;
    }
  }
  wire += "0\r\n\r\nnext";
  const auto step = *rc::gen::inRange<std::size_t>(1, 40);
  const auto room = *rc::gen::inRange<std::size_t>(1, 40);
  const Outcome outcome = ReadBody(wire, kChunked, step, room);
  RC_ASSERT(outcome.error == "");
  RC_ASSERT(outcome.body == sent);
  RC_ASSERT(outcome.rest == "next");
}

}  // namespace
}  // namespace drydock::simulator
