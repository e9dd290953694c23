namespace NovaCow.Hypervisor;

/// <summary>Tells one boot of this machine from another, by the kernel's word.</summary>
public static class HostBoot
{
    private const string IdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>The id of the present boot; null: this process may not see it.</summary>
    public static string? ReadId()
    {
        try
        {
            return File.ReadAllText(IdPath).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
