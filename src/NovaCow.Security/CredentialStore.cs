namespace NovaCow.Security;

/// <summary>
/// A process's credentials as their files are now: read again when the files change, so that a
/// renewed certificate needs no restart. While the files are wrong the last good ones stand.
/// </summary>
public sealed class CredentialStore : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly Action<string> _note;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private volatile Credentials _current;
    private string _seen;

    /// <summary>Reads the credentials, and looks at their files every two seconds.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="note">Told when they were read again, or could not be.</param>
    /// <exception cref="SecurityException">They cannot be used.</exception>
    public CredentialStore(CredentialPaths paths, TimeProvider time, Action<string> note)
    {
        (Paths, _time, _note) = (paths, time, note);
        _seen = State();
        _current = Credentials.Load(paths, time.GetUtcNow());
        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    /// <summary>The files.</summary>
    public CredentialPaths Paths { get; }

    /// <summary>What new connections use.</summary>
    public Credentials Current => _current;

    /// <summary>Reads the files again if they changed.</summary>
    public void Look()
    {
        lock (_lock)
        {
            var state = State();
            if (state == _seen)
                return;
            _seen = state;
            try
            {
                _current = Credentials.Load(Paths, _time.GetUtcNow());
                _note($"{Paths.Certificate} is read anew: {_current.Name}, valid until "
                    + $"{CertificateJudge.Until(_current.Certificate):u}");
            }
            catch (SecurityException e)
            {
                _note($"{e.Message}; the certificate that was read before stays in use");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private string State()
    {
        string[] paths = [Paths.Authority, Paths.Certificate, Paths.Key];
        return string.Join('|', paths.Select(p => new FileInfo(p)).Select(
            f => f.Exists ? $"{f.LastWriteTimeUtc.Ticks}:{f.Length}:{f.UnixFileMode}" : "none"));
    }
}
