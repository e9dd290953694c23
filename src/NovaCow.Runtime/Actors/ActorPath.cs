using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// The place of an actor in its system's tree, and the uid of one incarnation there. Two paths are
/// equal when their places are: the uid is left out, as references, not paths, tell lives apart.
/// </summary>
public sealed class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    /// <summary>The uid of a path that means a place, whoever lives there.</summary>
    public const long UndefinedUid = 0;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*$+:@&=,!~';()%");

    private readonly Address? _address;

    private ActorPath(Address? address, ActorPath? parent, string name, long uid)
    {
        _address = address;
        Parent = parent ?? this;
        Name = name;
        Uid = uid;
    }

    public string Name { get; }

    public long Uid { get; }

    /// <summary>The path above; the root is its own parent.</summary>
    public ActorPath Parent { get; }

    public bool IsRoot => ReferenceEquals(Parent, this);

    public Address Address => Root._address!;

    public ActorPath Root
    {
        get
        {
            var path = this;
            while (!path.IsRoot)
                path = path.Parent;
            return path;
        }
    }

    /// <summary>The names from the root's child down to this one.</summary>
    public IReadOnlyList<string> Elements
    {
        get
        {
            var names = new List<string>();
            for (var path = this; !path.IsRoot; path = path.Parent)
                names.Add(path.Name);
            names.Reverse();
            return names;
        }
    }

    public static ActorPath CreateRoot(Address address) => new(address, null, "/", UndefinedUid);

    public static ActorPath operator /(ActorPath path, string name) => path.CreateChild(name);

    public ActorPath CreateChild(string name, long uid = UndefinedUid) =>
        new(null, this, name, uid);

    public ActorPath WithUid(long uid) =>
        uid == Uid || IsRoot ? this : new ActorPath(null, Parent, Name, uid);

    /// <summary>Whether a person may give this name to an actor; <c>$</c> in front is ours.
    /// </summary>
    public static bool IsValidPathElement(string? name) =>
        !string.IsNullOrEmpty(name)
        && name[0] != '$'
        && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>Reads <c>akka://system[@host:port]/user/a/b[#uid]</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ActorPath? path)
    {
        path = null;
        var scheme = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (scheme <= 0)
            return false;
        var slash = text!.IndexOf('/', scheme + 3);
        if (!Address.TryParse(slash < 0 ? text : text[..slash], out var address))
            return false;
        path = CreateRoot(address);
        if (slash < 0)
            return true;

        var names = text[(slash + 1)..];
        var uid = UndefinedUid;
        var hash = names.IndexOf('#', StringComparison.Ordinal);
        if (hash >= 0)
        {
            if (!long.TryParse(names.AsSpan(hash + 1), out uid))
                return false;
            names = names[..hash];
        }

        foreach (var name in names.Split('/', StringSplitOptions.RemoveEmptyEntries))
            path /= name;
        path = path.WithUid(uid);
        return true;
    }

    public static ActorPath Parse(string text) =>
        TryParse(text, out var path)
            ? path
            : throw new FormatException(
                $"actor path '{text}' is malformed: expected akka://system[@host:port]/user/name");

    public override string ToString() => ToStringWithAddress(Address);

    public string ToStringWithAddress(Address address) =>
        IsRoot ? $"{address}/" : address + ToStringWithoutAddress();

    public string ToStringWithoutAddress() =>
        IsRoot ? "/" : "/" + string.Join('/', Elements);

    /// <summary>The whole path with its uid, so that another process can name this incarnation.
    /// </summary>
    public string ToSerializationFormat() => ToSerializationFormatWithAddress(Address);

    /// <summary>As <see cref="ToSerializationFormat"/>; <paramref name="address"/> stands in when
    /// the path has no host of its own.</summary>
    public string ToSerializationFormatWithAddress(Address address)
    {
        var text = ToStringWithAddress(Address.HasLocalScope ? address : Address);
        return Uid == UndefinedUid ? text : $"{text}#{Uid}";
    }

    public bool Equals(ActorPath? other)
    {
        var mine = this;
        while (other is not null && !ReferenceEquals(mine, other))
        {
            if (mine.IsRoot || other.IsRoot)
                return mine.IsRoot && other.IsRoot && mine._address == other._address;
            if (mine.Name != other.Name)
                return false;
            mine = mine.Parent;
            other = other.Parent;
        }

        return other is not null;
    }

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    // The name and its parent's spread well enough, and cost no walk to the root.
    public override int GetHashCode() => HashCode.Combine(Name, Parent.Name);

    public int CompareTo(ActorPath? other) =>
        other is null ? 1 : string.CompareOrdinal(ToString(), other.ToString());
}
