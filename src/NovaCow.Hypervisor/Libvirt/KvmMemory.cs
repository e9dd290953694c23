using System.Text.Json;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Remembers the answer about KVM in a file, for as long as the kernel runs that gave it, so that a
/// daemon that starts again does not ask again. That it does not work is asked again after a while:
/// a machine may have been too busy.
/// </summary>
internal sealed class KvmMemory(string folder, TimeProvider time)
{
    private static readonly TimeSpan RefusalHolds = TimeSpan.FromHours(1);

    private string FilePath => Path.Combine(folder, "kvm-trial.json");

    /// <summary>The answer; null: none, or none that still holds.</summary>
    /// <param name="version">What would run the guest.</param>
    public KvmVerdict? Recall(string version)
    {
        try
        {
            var note = JsonSerializer.Deserialize<Note>(File.ReadAllText(FilePath));
            if (note is null || note.Key != Key(version))
                return null;
            return note.Works || time.GetUtcNow() - note.At < RefusalHolds
                ? new KvmVerdict(note.Works, note.Reason, IsCertain: true)
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps the answer; where it cannot be kept it is found out again.</summary>
    public void Remember(string version, KvmVerdict verdict)
    {
        if (Key(version) is not { } key)
            return;
        var note = new Note(key, verdict.Works, verdict.Reason, time.GetUtcNow());
        var fresh = FilePath + ".new";
        try
        {
            File.WriteAllText(fresh, JsonSerializer.Serialize(note));
            File.Move(fresh, FilePath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start pays for the trial again.
        }
    }

    private static string? Key(string version) =>
        HostBoot.ReadId() is { } boot ? $"{boot}; {version}" : null;

    private sealed record Note(string Key, bool Works, string? Reason, DateTimeOffset At);
}
