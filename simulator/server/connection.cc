#include "simulator/server/connection.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/text.h"
#include "simulator/server/socket.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kPieceBytes = 262'144;
constexpr std::size_t kJoinedBytes = 16'384;            // head and body up to here leave together
constexpr Duration kMuteTime = std::chrono::hours(24);  // nobody waits longer
constexpr Duration kLookAfter = std::chrono::milliseconds(10);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

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

// Waits on a world's clock, which somebody may set forward: so it looks every moment.
class Connection::WirePeer : public Peer {
 public:
  WirePeer(Stream& stream, const std::atomic<bool>& stopping)
      : stream_(stream), stopping_(stopping) {}

  Status WaitUntil(Clock& clock, Deadline until) override {
    for (Duration now = clock.Elapsed(); now < until; now = clock.Elapsed()) {
      if (stopping_) {
        return Error(ErrorCode::kCancelled, "the server is being stopped");
      }
      if (stream_.AwaitEnd(std::min(until - now, kLookAfter))) {
        return Error(ErrorCode::kAmbiguous, "it ended the connection");
      }
    }
    return Ok{};
  }

 private:
  Stream& stream_;
  const std::atomic<bool>& stopping_;
};

Connection::Connection(std::unique_ptr<Stream> stream, std::uint64_t ordinal,
                       ConnectionContext& context)
    : context_(context),
      stream_(std::move(stream)),
      peer_(std::make_shared<WirePeer>(*stream_, stopping_)),
      input_(*stream_),
      opened_(context.clock.Elapsed()),
      // A connection that never asked anything is given less time than one that may ask again.
      waits_until_(context.clock.Elapsed() + context.limits.head_time) {
  stream_->Charge(&waits_);
  caller_.address = PeerEndpoint(stream_->fd()).address;
  caller_.endpoint = Authority(LocalEndpoint(stream_->fd()));
  caller_.connection = ordinal;
  stream_->OnHello([this](const std::string& name) {
    caller_.server_name = name;
    fault_ = fault_ ? fault_ : context_.opened(Phase::kTls, caller_);
    return fault_;
  });
}

bool Connection::Open() {
  fault_ = context_.opened(Phase::kTcp, caller_);
  if (!fault_ || IsSilent(*fault_)) {
    return true;
  }
  stream_->Reset(Duration::zero());
  return false;
}

void Connection::Mute() {
  mute_ = true;
  draining_ = true;
  waits_until_ = context_.clock.Elapsed() + kMuteTime;
}

// Until the peer speaks again it costs no thread and next to no memory.
Connection::State Connection::Serve(std::vector<char>& room) {
  input_.Borrow(room);
  const State state = draining_ ? Drain() : ServeAll();
  input_.Return(room);
  piece_ = {};
  return state;
}

Connection::State Connection::ServeAll() {
  while (true) {
    const HeadRead read = ReadHead();
    if (read.end) {
      return End(*read.end);
    }
    if (!read.head) {
      return State::kWaiting;
    }
    waits_.Open(context_.limits.slow_after, on_wait_, on_slow_);
    const Next next = ServeOne(*read.head);
    waits_.Close();
    head_begun_ = false;
    just_served_ = true;
    waits_until_ = context_.clock.Elapsed() + context_.limits.idle_time;
    if (next != Next::kKeep) {
      return End(next);
    }
    if (stopping_) {
      return End(Next::kClose);
    }
  }
}

Connection::State Connection::End(Next next) {
  if (next == Next::kGone) {
    return State::kEnded;
  }
  if (next == Next::kMute) {
    Mute();
    return Drain();
  }
  if (next == Next::kSever) {
    stream_->Sever();
  } else {
    stream_->Finish();
  }
  draining_ = true;
  waits_until_ = context_.clock.Elapsed() + context_.limits.finish_time;
  return Drain();
}

Connection::State Connection::Drain() {
  piece_.resize(kJoinedBytes);
  while (context_.clock.Elapsed() < waits_until_ && !(mute_ && stopping_)) {
    const Result<std::optional<std::size_t>> got = stream_->ReadNow(piece_);
    if (!got || (*got && **got == 0)) {
      return State::kEnded;
    }
    if (!*got) {
      return State::kWaiting;
    }
  }
  return State::kEnded;
}

void Connection::Abort() {
  stopping_ = true;
  stream_->Interrupt();
}

Connection::HeadRead Connection::ReadHead() {
  while (true) {
    const std::string_view held = input_.held();
    if (const std::optional<std::size_t> length = HeadLength(held)) {
      std::string head(held.substr(0, *length));
      input_.Consume(*length);
      return {std::move(head), {}};
    }
    if (const std::optional<RejectedHead> rejected = RefuseEarly(held, context_.limits)) {
      return {{}, Reject(*rejected)};
    }
    if (!held.empty() && !head_begun_) {
      head_begun_ = true;
      waits_until_ = context_.clock.Elapsed() + context_.limits.head_time;
    }
    const Result<std::optional<std::size_t>> got = ReadMore();
    if (fault_ && IsSilent(*fault_)) {
      return {{}, Next::kMute};
    }
    if (fault_ && fault_->kind == ConnectFault::Kind::kReset) {
      stream_->Reset(Duration::zero());
      return {{}, Next::kGone};
    }
    if (!got) {
      if (got.error().code() == ErrorCode::kInvalid) {
        Note(got.error().message());
        return {{}, Next::kSever};
      }
      return {{}, Next::kGone};
    }
    if (*got) {
      if (**got == 0) {
        return {{}, Next::kGone};
      }
      input_.Added(**got);
    } else if (stopping_) {
      stream_->Finish();
      return {{}, Next::kGone};
    } else if (context_.clock.Elapsed() >= waits_until_) {
      return {{}, OutOfTime()};
    } else {
      return {};
    }
  }
}

// Whoever was just answered has seldom asked again by now.
Result<std::optional<std::size_t>> Connection::ReadMore() {
  if (std::exchange(just_served_, false) && input_.held().empty() && stream_->drained()) {
    return std::optional<std::size_t>();
  }
  return stream_->ReadNow(input_.Room());
}

Connection::Next Connection::OutOfTime() {
  if (!head_begun_) {
    return Next::kClose;
  }
  return Reject(
      {408, "request head did not arrive in " + FormatDuration(context_.limits.head_time)});
}

void Connection::Note(const std::string& text) {
  context_.note(caller_, Concat({"connection ", std::to_string(caller_.connection), " from ",
                                 caller_.address, ": ", text}));
}

// Answers without asking the registry: nothing can be asked in a language nobody understood.
Connection::Next Connection::Reject(const RejectedHead& rejected) {
  Note(Concat({std::to_string(rejected.status), ": ", rejected.what}));
  Response response;
  response.status = rejected.status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Content-Length", std::to_string(rejected.what.size() + 1)},
                      {"Date", FormatHttpDate(context_.clock.Now())}};
  response.body = Body::FromString(rejected.what + "\n");
  stream_->SetPatience(kNoDeadline, context_.limits.stall_time);
  const WirePlan plan = PlanResponse(HttpHead{}, response, true);
  return Send(plan, response.body, false) ? Next::kClose : Next::kGone;
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
  stream_->SetPatience(kNoDeadline, context_.limits.stall_time);
  const bool expects_continue = ExpectsContinue(head);
  RequestBody unframed(input_, framing, [this, expects_continue] {
    if (expects_continue && input_.held().empty()) {
      // A client that is gone is noticed by the read that follows.
      static_cast<void>(stream_->Write(kContinue));
    }
  });
  RequestHead request;
  request.method = head.method;
  request.url = head.url;
  request.url.scheme = context_.scheme;
  request.headers = head.headers;
  request.protocol = head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
  caller_.server_name = stream_->server_name();
  request.caller = caller_;
  request.caller.connection_age = context_.clock.Elapsed() - opened_;
  std::optional<std::uint64_t> length = framing.length;
  if (framing.kind == BodyFraming::Kind::kChunked) {
    length.reset();
  }
  request.content_length = length;
  Body body = Body::FromReader(std::make_unique<BorrowedReader>(unframed), length);

  Served served = context_.serve(std::move(request), body, peer_);
  if (!served.answer) {
    return AfterBrokenBody(unframed);
  }
  const auto rest = served.answer->rest;
  // A client that waits for a "100 Continue" and gets an answer sends no body.
  const bool no_rest = expects_continue && !unframed.begun();
  const bool drains = rest == EarlyReply::Then::kDrain && !no_rest;
  const bool close = !WantsKeepAlive(head) || stopping_ || (!unframed.done() && !drains);
  const Next next = SendAnswer(head, std::move(*served.answer), close);
  const bool sent_all = next == Next::kKeep || next == Next::kClose;
  return rest && !unframed.done() && !no_rest && sent_all ? AfterEarly(*rest, unframed, next)
                                                          : next;
}

Connection::Next Connection::AfterEarly(EarlyReply::Then then, RequestBody& body, Next next) {
  if (then == EarlyReply::Then::kStop) {
    static_cast<void>(
        peer_->WaitUntil(context_.clock, context_.clock.Elapsed() + context_.limits.idle_time));
  }
  if (then != EarlyReply::Then::kDrain) {
    stream_->Reset(context_.limits.finish_time);
    return Next::kGone;
  }
  piece_.resize(kPieceBytes);
  for (;;) {
    const Result<std::size_t> got = body.Read(piece_);
    if (!got) {
      return Next::kGone;
    }
    if (*got == 0) {
      return next;
    }
  }
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
  if (answer.raw) {
    return stream_->Write(*answer.raw) ? Next::kClose : Next::kGone;
  }
  const bool silent = answer.cut && !answer.cut->after_response_bytes;
  if (!silent) {
    plan = PlanResponse(head, answer.response, close);
    sent = Send(plan, answer.response.body, answer.paced);
  }
  const bool fin = answer.cut && answer.cut->manner == Cut::Manner::kFin;
  if (!fin && (answer.cut || !sent)) {  // what could not be sent must not look well ended either
    stream_->Reset(answer.cut ? context_.limits.finish_time : Duration::zero());
    return Next::kGone;
  }
  return fin ? Next::kSever : plan.close ? Next::kClose : Next::kKeep;
}

// The head and the body, up to where the body breaks off; small answers leave in one write.
Status Connection::Send(const WirePlan& plan, Body& body, bool paced) {
  const bool chunked = plan.body == WirePlan::Body::kChunked;
  const std::size_t joined = paced ? 0 : kJoinedBytes;
  if (plan.body == WirePlan::Body::kPlain && body.length().value_or(0) > joined) {
    const Status sent = stream_->Write(plan.head);
    return sent ? body.WriteTo(*stream_) : sent;
  }
  std::string out = plan.head;
  if (plan.body != WirePlan::Body::kNone) {
    piece_.resize(std::clamp<std::uint64_t>(body.length().value_or(kPieceBytes), 1, kPieceBytes));
  }
  for (bool more = plan.body != WirePlan::Body::kNone; more;) {
    const Result<std::size_t> got = body.Read(piece_);
    if (!got) {
      const Status sent = stream_->Write(out);
      return sent ? Status(got.error()) : sent;
    }
    more = *got > 0;
    out += chunked ? ChunkSize(*got) : "";
    const std::string_view piece(piece_.data(), *got);
    if (out.size() + piece.size() <= joined) {
      out += piece;
    } else {
      if (Status sent = stream_->Write(out); !sent) {
        return sent;
      }
      if (Status sent = stream_->Write(piece); !sent) {
        return sent;
      }
      out.clear();
    }
    out += chunked ? "\r\n" : "";
  }
  return stream_->Write(out);
}

}  // namespace drydock::simulator
