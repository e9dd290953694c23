using System.Diagnostics;
using NovaCow.Hypervisor.Libvirt.Native;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>
/// A real libvirtd, which sees folders of the test's in place of the machine's own libvirt's: its
/// mounts are its own, its machines and its socket are in a temporary folder.
/// </summary>
public sealed class LibvirtDaemon : LibvirtLab, IDisposable
{
    /// <summary>Mounts the first argument's folders over libvirt's, and becomes the daemon.
    /// </summary>
    private const string Script = """
        for pair in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt \
            run:/run/libvirt cache:/var/cache/libvirt; do
          mkdir -p "$1/${pair%%:*}" "${pair#*:}"
          mount --bind "$1/${pair%%:*}" "${pair#*:}" || exit
        done
        exec libvirtd --config "$1/libvirtd.conf" --pid-file "$1/libvirtd.pid"
        """;

    private Process? _process;

    public LibvirtDaemon()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "etc"));
        Directory.CreateDirectory(RunFolder);
        File.WriteAllText(Path.Combine(Folder, "etc/qemu.conf"), QemuConf);
        File.WriteAllText(Path.Combine(Folder, "libvirtd.conf"), $"""
            unix_sock_dir = "{Folder}/run"
            auth_unix_ro = "none"
            auth_unix_rw = "none"
            """);
    }

    public override string Uri => $"qemu+unix:///system?socket={Folder}/run/libvirt-sock";

    protected override string RunFolder => Path.Combine(Folder, "run");

    /// <summary>Starts it unless it runs, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
            return;
        File.Delete(Path.Combine(RunFolder, "libvirt-sock"));
        var start = new ProcessStartInfo("unshare", ["-m", "sh", "-c", Script, "sh", Folder])
        {
            RedirectStandardError = true, UseShellExecute = false,
        };
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        await Until.TrueAsync(Answers, "libvirtd answers");
    }

    /// <summary>Kills it if it runs; its machines go on.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            using (EventLoop.Use())
            using (var connection = new Connection(Uri, new Deaf()))
                RemoveAll(connection);
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private bool Answers()
    {
        Assert.False(_process!.HasExited, "libvirtd ended");
        using var loop = EventLoop.Use();
        try
        {
            using var connection = new Connection(Uri, new Deaf());
            return connection.IsAlive;
        }
        catch (LibvirtException)
        {
            return false;
        }
    }
}
