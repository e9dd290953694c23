using System.Security.Cryptography.X509Certificates;
using NovaCow.Client;
using NovaCow.Node.Logging;
using NovaCow.Runtime.Telemetry;
using NovaCow.Security;

namespace NovaCow.Node.Security;

/// <summary>Has a host's certificate renewed while a third of its life is left, and puts the new
/// one in the place of the old one. The key stays.</summary>
internal sealed class CertificateRenewal : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NodeSecurity _security;
    private readonly IReadOnlyList<Uri> _seeds;
    private readonly NodeLog _log;
    private readonly OncePerCause _told;
    private readonly Task _running;

    private CertificateRenewal(NodeSecurity security, IReadOnlyList<Uri> seeds, NodeLog log)
    {
        (_security, _seeds, _log) = (security, seeds, log);
        _told = new OncePerCause(security.Time);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Looks at the certificate from now on.</summary>
    public static CertificateRenewal Start(
        NodeSecurity security, IReadOnlyList<Uri> seeds, NodeLog log) => new(security, seeds, log);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var own = _security.Store.Current.Certificate;
                var (from, until) = (CertificateJudge.From(own), CertificateJudge.Until(own));
                if (Renewal.IsDue(from, until, _security.Time.GetUtcNow()))
                    await RenewAsync(own);
                await Task.Delay(Renewal.Pause(from, until), _security.Time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    /// <summary>Asks each control node; one of them has the authority's key.</summary>
    private async Task RenewAsync(X509Certificate2 own)
    {
        using var key = own.GetECDsaPrivateKey()!;
        var request = new RenewRequest
        {
            CertificateRequest = CertificateAuthority.RequestFor(
                key, _security.Store.Current.Name.ToString()),
        };
        List<string> problems = [];
        foreach (var seed in _seeds)
        {
            try
            {
                using var client = new NovaCowClient([seed], _security.Dial());
                var issued = await client.RenewAsync(request, _stop.Token);
                Take(issued);
                _told.Clear();
                return;
            }
            catch (Exception e) when (e is NovaCowException or SecurityException)
            {
                problems.Add($"{seed}: {e.Message}");
            }
        }

        var why = string.Join("; ", problems);
        if (_told.IsNew(why))
        {
            _log.Write(
                Runtime.Actors.LogLevel.WarningLevel, "security",
                $"the certificate is not renewed yet, and ends at {CertificateJudge.Until(own):u}: "
                    + why);
        }
    }

    private void Take(CertificateResource issued)
    {
        var paths = _security.Store.Paths;
        var pair = Pem.Pair(
            issued.Certificate, SecretFiles.ReadKey(paths.Key), "the renewed certificate");
        var verdict = CertificateJudge.Judge(
            pair, _security.Store.Current.Authority, _security.Time.GetUtcNow());
        if (verdict is PeerVerdict.Refused refused)
            throw new SecurityException($"what came is of no use: {refused.Message}");
        SecretFiles.Write(paths.Certificate, issued.Certificate);
        _security.Store.Look();
    }
}
