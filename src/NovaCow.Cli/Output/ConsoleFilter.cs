using System.Text;

namespace NovaCow.Cli;

/// <summary>Makes a guest's bytes text, a piece at a time: a character may begin in one and end in
/// the next.</summary>
public sealed class ConsoleFilter
{
    private const char Introducer = '\u009b';

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private Place _place;

    /// <summary>The text; what is no UTF-8 is replaced.</summary>
    public string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[_decoder.GetCharCount(bytes, flush: false)];
        return new string(text, 0, _decoder.GetChars(bytes, text, flush: false));
    }

    /// <summary>The text without what would steer a terminal: of control characters only line ends
    /// and tabs are left, and of sequences that move its cursor or change its colours nothing.
    /// </summary>
    public string Clean(ReadOnlySpan<byte> bytes) =>
        string.Concat(Decode(bytes).Select(Cleaned));

    private enum Place
    {
        Text,
        Escape,
        Sequence,
    }

    /// <summary>What is left of the next character; null: nothing.</summary>
    private char? Cleaned(char c)
    {
        var before = _place;
        _place = (before, c) switch
        {
            (_, '\e') => Place.Escape,
            (_, Introducer) or (Place.Escape, '[') => Place.Sequence,
            (Place.Sequence, >= ' ' and <= '?') => Place.Sequence,
            _ => Place.Text,
        };
        return _place != Place.Text || (before == Place.Sequence && c is >= '@' and <= '~') ? null
            : char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '?'
            : c;
    }
}
