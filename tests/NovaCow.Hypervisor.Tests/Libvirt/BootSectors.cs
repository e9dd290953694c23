namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>Guests of one sector, in the processor's own words. Each says one letter on its serial
/// line when it has got as far as its name says.</summary>
internal static class BootSectors
{
    /// <summary>What they say.</summary>
    public const string Word = "X";

    /// <summary>mov dx,0x3f8; mov al,'X'; out dx,al.</summary>
    private static readonly byte[] Say = [0xBA, 0xF8, 0x03, 0xB0, 0x58, 0xEE];

    /// <summary>mov dx,0x604; mov ax,0x2000; out dx,ax; hlt.</summary>
    private static readonly byte[] Off = [0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF, 0xF4];

    /// <summary>sti; hlt; and again.</summary>
    private static readonly byte[] Rest = [0xFB, 0xF4, 0xEB, 0xFC];

    /// <summary>Does nothing more, and hears no power button.</summary>
    public static byte[] Idles => Sector(Say, Rest);

    /// <summary>Powers off at once.</summary>
    public static byte[] PowersOff => Sector(Say, Off);

    /// <summary>Powers off when the power button is pressed: enables it in the register 0x602, and
    /// looks for it in 0x600 at each tick of the clock.</summary>
    public static byte[] HearsPowerButton => Sector(
        [0xBA, 0x02, 0x06, 0xB8, 0x00, 0x01, 0xEF],
        Say,
        [0xFB, 0xF4, 0xBA, 0x00, 0x06, 0xED, 0xF6, 0xC4, 0x01, 0x74, 0xF5],
        Off);

    /// <summary>Has the firmware write itself to its disk's second sector, too: xor ax,ax; mov
    /// es,ax; mov bx,0x7c00; mov ax,0x0301; mov cx,2; mov dx,0x80; int 0x13.</summary>
    public static byte[] WritesItselfAgain => Sector(
        [
            0x31, 0xC0, 0x8E, 0xC0, 0xBB, 0x00, 0x7C, 0xB8, 0x01, 0x03,
            0xB9, 0x02, 0x00, 0xBA, 0x80, 0x00, 0xCD, 0x13,
        ],
        Say,
        Rest);

    /// <summary>Lets go of every device that it is asked for: at each tick of the clock it looks,
    /// for each of 32 buses (register 0xcd0), which slots are to go (0xcc4), and ejects them
    /// (0xcc8).</summary>
    public static byte[] LetsGoOfDevices => Sector(
        Say,
        [
            0xFB, 0xF4, 0x66, 0x31, 0xDB,
            0x66, 0x89, 0xD8, 0xBA, 0xD0, 0x0C, 0x66, 0xEF,
            0xBA, 0xC4, 0x0C, 0x66, 0xED, 0x66, 0x85, 0xC0, 0x74, 0x05,
            0xBA, 0xC8, 0x0C, 0x66, 0xEF,
            0x66, 0x43, 0x80, 0xFB, 0x20, 0x75, 0xE2,
            0xEB, 0xDB,
        ]);

    private static byte[] Sector(params byte[][] parts)
    {
        var sector = new byte[512];
        parts.SelectMany(part => part).ToArray().CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xAA);
        return sector;
    }
}
