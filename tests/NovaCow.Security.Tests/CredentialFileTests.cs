namespace NovaCow.Security.Tests;

public sealed class CredentialFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-tls-");
    private readonly CertificateAuthority _authority = CertificateAuthority.Create(
        "test", TimeSpan.FromDays(1), DateTimeOffset.UtcNow);

    private CredentialPaths Paths => new(At("ca.crt"), At("a.crt"), At("a.key"));

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_key_is_written_for_its_owner_only_and_refused_when_others_can_read_it()
    {
        Write("a");
        var mode = File.GetUnixFileMode(Paths.Key);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        Assert.Equal("a", Credentials.Load(Paths, DateTimeOffset.UtcNow).Name.Name);

        File.SetUnixFileMode(Paths.Key, mode | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Refusal());
    }

    [Fact]
    public void What_is_missing_torn_or_of_another_pair_is_told_by_its_file()
    {
        Write("a");
        var key = File.ReadAllText(Paths.Key);
        Write("b");
        var (certificate, other) = (File.ReadAllText(Paths.Certificate), File.ReadAllText(Paths.Key));
        SecretFiles.Write(Paths.Key, key);
        Assert.Contains("a.crt", Refusal());
        SecretFiles.Write(Paths.Key, other);
        SecretFiles.Write(Paths.Certificate, certificate[..^100]);
        Assert.Contains("a.crt", Refusal());
        File.Delete(Paths.Authority);
        Assert.Contains("ca.crt", Refusal());
    }

    [Fact]
    public void What_exists_is_not_overwritten()
    {
        SecretFiles.WriteNew((At("ca.crt"), "1"));
        var error = Assert.Throws<SecurityException>(
            () => SecretFiles.WriteNew((At("new"), "2"), (At("ca.crt"), "2")));
        Assert.Contains(At("ca.crt"), error.Message);
        Assert.False(File.Exists(At("new")));
        Assert.Equal("1", File.ReadAllText(At("ca.crt")));
    }

    [Fact]
    public void Changed_files_are_read_again_and_wrong_ones_leave_the_last_good_certificate()
    {
        Write("a");
        List<string> notes = [];
        using var store = new CredentialStore(Paths, new NoTimers(), notes.Add);
        var first = store.Current;
        store.Look();
        Assert.Same(first, store.Current);

        Write("b");
        // What is written within one tick of the file system's clock may look the same.
        File.SetLastWriteTimeUtc(
            Paths.Certificate, File.GetLastWriteTimeUtc(Paths.Certificate).AddSeconds(1));
        store.Look();
        Assert.Equal("b", store.Current.Name.Name);

        SecretFiles.Write(Paths.Certificate, "torn");
        store.Look();
        store.Look();
        Assert.Equal("b", store.Current.Name.Name);
        Assert.Contains("stays in use", Assert.Single(notes, n => n.Contains("stays")));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(59, false)]
    [InlineData(61, true)]
    [InlineData(100, true)]
    public void A_certificate_is_renewed_in_the_last_third_of_its_life(int days, bool due) =>
        Assert.Equal(due, Renewal.IsDue(Given.Now, Given.Now.AddDays(90), Given.Now.AddDays(days)));

    [Fact]
    public void Renewal_is_tried_many_times_before_the_end()
    {
        Assert.Equal(TimeSpan.FromHours(1), Renewal.Pause(Given.Now, Given.Now.AddDays(90)));
        Assert.Equal(TimeSpan.FromSeconds(1), Renewal.Pause(Given.Now, Given.Now.AddSeconds(20)));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string name)
    {
        var (certificate, key) = _authority.Issue(Given.Terms(name: name), DateTimeOffset.UtcNow);
        SecretFiles.Write(Paths.Authority, _authority.Certificate.ExportCertificatePem());
        SecretFiles.Write(Paths.Certificate, certificate);
        SecretFiles.Write(Paths.Key, key);
    }

    private string Refusal() => Assert.Throws<SecurityException>(
        () => Credentials.Load(Paths, DateTimeOffset.UtcNow)).Message;

    /// <summary>A clock by which nothing happens: the test looks when it has written all files.
    /// </summary>
    private sealed class NoTimers : TimeProvider, ITimer
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => this;

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
