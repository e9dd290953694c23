using System.Text;

namespace NovaCow.Cli;

/// <summary>Makes a guest's bytes text, a piece at a time: a character may begin in one and end in
/// the next.</summary>
public sealed class ConsoleFilter
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>The text; what is no UTF-8 is replaced.</summary>
    public string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[_decoder.GetCharCount(bytes, flush: false)];
        return new string(text, 0, _decoder.GetChars(bytes, text, flush: false));
    }

    /// <summary>The text without what would steer a terminal: of control characters only line ends
    /// and tabs are left.</summary>
    public string Clean(ReadOnlySpan<byte> bytes) => string.Concat(
        Decode(bytes).Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '?' : c));
}
