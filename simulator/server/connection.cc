#include "simulator/server/connection.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kPieceBytes = 262'144;
constexpr std::size_t kJoinedBytes = 16'384;  // head and body up to here leave together
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr char kActor[] = "server";

// Reads another BodyReader, which outlives it.
class BorrowedReader : public BodyReader {
 public:
  explicit BorrowedReader(BodyReader& reader) : reader_(reader) {}
  Result<std::size_t> Read(std::span<char> into) override { return reader_.Read(into); }

 private:
  BodyReader& reader_;
};

std::string ChunkSize(std::size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[bytes % 16]);
    bytes /= 16;
  } while (bytes > 0);
  return text + "\r\n";
}

}  // namespace

Connection::Connection(int fd, std::uint64_t ordinal, ConnectionContext& context)
    : context_(context),
      ordinal_(ordinal),
      socket_(fd, context.clock),
      input_(socket_),
      address_(socket_.PeerAddress()) {}

void Connection::Run() {
  Next next = Next::kKeep;
  while (next == Next::kKeep && !stopping_) {
    const std::optional<std::string> head = ReadHead();
    if (!head) {
      return;
    }
    between_ = false;
    next = ServeOne(*head);
    between_ = true;
    served_any_ = true;
  }
  End(next);
}

void Connection::End(Next next) {
  if (next == Next::kClose) {
    socket_.Finish(context_.limits.finish_time);
  }
}

void Connection::Stop() {
  stopping_ = true;
  if (between_) {
    socket_.Interrupt();
  }
}

void Connection::Abort() {
  stopping_ = true;
  socket_.Interrupt();
}

// The bytes of the next head; nullopt when there is none to answer.
std::optional<std::string> Connection::ReadHead() {
  const ServerLimits& limits = context_.limits;
  // A connection that never asked anything is given less time than one that may ask again.
  socket_.SetPatience(kNoDeadline, served_any_ ? limits.idle_time : limits.head_time);
  bool begun = false;
  while (true) {
    const std::string_view held = input_.held();
    if (const std::optional<std::size_t> length = HeadLength(held)) {
      std::string head(held.substr(0, *length));
      input_.Consume(*length);
      return head;
    }
    if (const std::optional<RejectedHead> rejected = RefuseEarly(held, limits)) {
      End(Reject(*rejected));
      return std::nullopt;
    }
    if (!held.empty() && !begun) {
      begun = true;
      socket_.SetPatience(context_.clock.Elapsed() + limits.head_time, limits.head_time);
    }
    const Result<std::size_t> got = input_.Fill();
    if (!got && got.error().code() == ErrorCode::kTimeout && begun) {
      End(Reject({408, "request head did not arrive in " + FormatDuration(limits.head_time)}));
    }
    if (!got || *got == 0) {
      return std::nullopt;
    }
  }
}

// Answers without asking the registry: nothing can be asked in a language nobody understood.
Connection::Next Connection::Reject(const RejectedHead& rejected) {
  context_.journal.Append(
      kActor, NoteEvent{Concat({"connection ", std::to_string(ordinal_), " from ", address_, ": ",
                                std::to_string(rejected.status), ": ", rejected.what})});
  context_.on_event();
  Response response;
  response.status = rejected.status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Content-Length", std::to_string(rejected.what.size() + 1)}};
  response.body = Body::FromString(rejected.what + "\n");
  socket_.SetPatience(kNoDeadline, context_.limits.stall_time);
  const WirePlan plan = PlanResponse(HttpHead{}, response, true);
  return Send(plan, response.body) ? Next::kClose : Next::kGone;
}

Connection::Next Connection::ServeOne(const std::string& head_bytes) {
  const std::variant<HttpHead, RejectedHead> head = ParseHead(head_bytes, context_.limits);
  if (const auto* rejected = std::get_if<RejectedHead>(&head)) {
    return Reject(*rejected);
  }
  const HttpHead& parsed = std::get<HttpHead>(head);
  const std::variant<BodyFraming, RejectedHead> framing = RequestFraming(parsed);
  if (const auto* rejected = std::get_if<RejectedHead>(&framing)) {
    return Reject(*rejected);
  }
  return Exchange(parsed, std::get<BodyFraming>(framing));
}

Connection::Next Connection::Exchange(const HttpHead& head, BodyFraming framing) {
  socket_.SetPatience(kNoDeadline, context_.limits.stall_time);
  const bool expects_continue = ExpectsContinue(head);
  RequestBody unframed(input_, framing, [this, expects_continue] {
    if (expects_continue && input_.held().empty()) {
      // A client that is gone is noticed by the read that follows.
      static_cast<void>(socket_.Write(kContinue));
    }
  });
  RequestHead request;
  request.method = head.method;
  request.url = head.url;
  request.headers = head.headers;
  request.caller = {.client = "", .address = address_, .connection = ordinal_};
  std::optional<std::uint64_t> length = framing.length;
  if (framing.kind == BodyFraming::Kind::kChunked) {
    length.reset();
  }
  request.content_length = length;
  Body body = Body::FromReader(std::make_unique<BorrowedReader>(unframed), length);

  Result<Answer> answer = context_.internet.Serve(std::move(request), body);
  context_.on_event();
  if (!answer) {
    return AfterBrokenBody(unframed);
  }
  const bool close = !WantsKeepAlive(head) || stopping_ || context_.crowded() || !unframed.done();
  return SendAnswer(head, std::move(*answer), close);
}

// The answer when the exchange ended inside the request's body.
Connection::Next Connection::AfterBrokenBody(const RequestBody& body) {
  if (!body.failure() || body.failure()->code() == ErrorCode::kAmbiguous) {
    return Next::kGone;  // nobody is there to read it
  }
  const int status = body.failure()->code() == ErrorCode::kTimeout ? 408 : 400;
  return Reject({status, body.failure()->message()});
}

Connection::Next Connection::SendAnswer(const HttpHead& head, Answer answer, bool close) {
  Status sent = Ok{};
  WirePlan plan;
  const bool silent = answer.cut && !answer.cut->after_response_bytes;
  if (!silent) {
    plan = PlanResponse(head, answer.response, close);
    sent = Send(plan, answer.response.body);
  }
  const bool fin = answer.cut && answer.cut->manner == Cut::Manner::kFin;
  if (!fin && (answer.cut || !sent)) {  // what could not be sent must not look well ended either
    socket_.Reset(answer.cut ? context_.limits.finish_time : Duration::zero());
    return Next::kGone;
  }
  return plan.close || fin ? Next::kClose : Next::kKeep;
}

// The head and the body, up to where the body breaks off; small answers leave in one write.
Status Connection::Send(const WirePlan& plan, Body& body) {
  const bool chunked = plan.body == WirePlan::Body::kChunked;
  std::string out = plan.head;
  if (plan.body != WirePlan::Body::kNone) {
    piece_.resize(kPieceBytes);
  }
  for (bool more = plan.body != WirePlan::Body::kNone; more;) {
    const Result<std::size_t> got = body.Read(piece_);
    if (!got) {
      const Status sent = socket_.Write(out);
      return sent ? Status(got.error()) : sent;
    }
    more = *got > 0;
    out += chunked ? ChunkSize(*got) : "";
    const std::string_view piece(piece_.data(), *got);
    if (out.size() + piece.size() <= kJoinedBytes) {
      out += piece;
    } else {
      if (Status sent = socket_.Write(out); !sent) {
        return sent;
      }
      if (Status sent = socket_.Write(piece); !sent) {
        return sent;
      }
      out.clear();
    }
    out += chunked ? "\r\n" : "";
  }
  return socket_.Write(out);
}

}  // namespace drydock::simulator
