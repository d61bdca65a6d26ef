DROP TABLE keywords;
DROP TABLE clusters;
