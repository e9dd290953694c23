using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Text.Json;
using NovaCow.Core;

namespace NovaCow.Node.Wiring;

/// <summary>Fetches disks that other hosts lend, over HTTP.</summary>
/// <param name="http">Makes the requests; without a time limit of its own, and outlives this.
/// </param>
internal sealed class TransferClient(HttpClient http) : ITransferClient
{
    /// <summary>How long nothing may come. A host that is told to be slow sends pieces of some MiB
    /// now and then.</summary>
    private static readonly TimeSpan s_stall = TimeSpan.FromMinutes(2);

    private const int MaxReasonChars = 1000;

    /// <summary>What it is made with.</summary>
    /// <param name="tls">How other hosts are dialled; null: without TLS.</param>
    public static HttpMessageHandler CreateHandler(SslClientAuthenticationOptions? tls)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        if (tls is not null)
            handler.SslOptions = tls;
        return handler;
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(
        TransferSource source, DiskName disk, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(source.Address, UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https"))
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"the other host says it is at {Printable(source.Address)}, which is no "
                    + "http or https address; look at its novacow.api.advertise");
        }

        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(address, $"v1/transfers/{disk}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", source.Token);
        try
        {
            // The other host answers when it is this disk's turn there.
            var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return new StallingStream(
                    response, await response.Content.ReadAsStreamAsync(cancellationToken), s_stall);
            }

            using (response)
                throw await RefusedAsync(source, response, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"disk {disk} cannot be fetched from {source.Address}: {e.Message}; this host must "
                    + "reach that address, which is novacow.api.advertise there",
                e);
        }
    }

    private static async Task<PortException> RefusedAsync(
        TransferSource source, HttpResponseMessage response, CancellationToken token)
    {
        var reason = $"it answered {(int)response.StatusCode}";
        try
        {
            await response.Content.LoadIntoBufferAsync(64 << 10, token);
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(token);
            if (problem.TryGetProperty("detail", out var detail) && detail.GetString() is { } text)
                reason = Printable(text);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException
            or NotSupportedException or InvalidOperationException)
        {
            // The status says enough.
        }

        var message = $"{source.Address} does not send it: {reason}";
        return response.StatusCode == HttpStatusCode.Conflict
            ? PortException.Final(LaunchErrorCode.InvalidRequest, message)
            : PortException.Retryable(LaunchErrorCode.VolumeDriver, message);
    }

    // Another host's words are shown to people.
    private static string Printable(string text) =>
        new([.. text.Take(MaxReasonChars).Where(c => !char.IsControl(c))]);

    /// <summary>A response's bytes; when nothing comes for long it is closed under whoever reads.
    /// </summary>
    private sealed class StallingStream : Stream
    {
        private readonly HttpResponseMessage _response;
        private readonly Stream _inner;
        private readonly TimeSpan _stall;
        private readonly CancellationTokenSource _timer = new();

        public StallingStream(HttpResponseMessage response, Stream inner, TimeSpan stall)
        {
            (_response, _inner, _stall) = (response, inner, stall);
            _timer.Token.Register(response.Dispose);
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            _timer.CancelAfter(_stall);
            var count = _inner.Read(buffer);
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) =>
            throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _response.Dispose();
                _timer.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
